"""Courses with all that their educators put into them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.text import slugify

from config.demo.chance import DAY, MINUTE, Chance, hundredths, hyphenated, stamp, stamp_if
from config.demo.figures import CourseFigures
from config.demo.people import People, Person
from config.demo.plan import Plan
from config.demo.quizzes import Quiz, make_quiz
from config.demo.rows import Row, to_json
from config.demo.subjects import CATEGORIES, TITLES, Category
from courses.enums import CourseStatus, Difficulty, LessonType

PRICES = (1900, 2900, 3900, 4900, 4990, 5900, 7900, 9900, 12900, 19900)
MODULES = (
    "Getting started",
    "The ideas behind it",
    "Tools and habits",
    "Going further",
    "A project of your own",
)
AUDIENCES = {
    Difficulty.BEGINNER: "Nothing has to be known before.",
    Difficulty.INTERMEDIATE: "For those who know the basics and want to use them.",
    Difficulty.ADVANCED: "For those with some years of practice.",
}
TITLE_COUNT = len(CATEGORIES) * 8 * 9
# It shares no divisor with their number, so that all come up before one comes again.
TITLE_STRIDE = 485


@dataclass(frozen=True)
class Assignment:
    id: str
    reference: str
    due: int
    penalty: int
    max_points: int
    wants_file: bool


@dataclass(frozen=True)
class Lesson:
    id: str
    reference: str
    title: str
    seconds: int
    quiz: Quiz | None
    assignment: Assignment | None


@dataclass
class Course:
    """What enrollments in a course have to know of it, and what they add up to."""

    id: str
    number: int
    size: int
    title: str
    slug: str
    category: Category
    topic: str
    difficulty: Difficulty
    instructor: Person
    status: CourseStatus
    created: int
    published: int | None
    closed: int
    price: int
    average_rating: str | None
    reviews: int
    lessons: list[Lesson] = field(default_factory=list)
    figures: CourseFigures = field(default_factory=CourseFigures)

    def __post_init__(self) -> None:
        self.reference = self.refer()
        self.path = f"/courses/{self.slug}"

    def refer(self, **ids: str) -> str:
        """What events of the course have as their data."""
        return to_json(
            {name: hyphenated(key) for name, key in {"course_id": self.id, **ids}.items()}
        )

    @property
    def currency(self) -> str:
        return self.instructor.name.culture.currency


def make_course(plan: Plan, people: People, number: int) -> tuple[Course, list[Row]]:
    """The course, and the rows that it consists of."""
    chance = plan.chance("course", number)
    course = new_course(chance, plan, people, number)
    return course, [course_row(chance, course, plan), *contents(chance, course, plan)]


def new_course(chance: Chance, plan: Plan, people: People, number: int) -> Course:
    size = plan.course_sizes[number] if number < len(plan.course_sizes) else 0
    repeated = number // TITLE_COUNT
    place = (plan.seed + number) * TITLE_STRIDE % TITLE_COUNT
    place, which = divmod(place, len(CATEGORIES))
    category, topic = CATEGORIES[which], CATEGORIES[which].topics[place % 8]
    difficulty, pattern = list(TITLES)[place // 8 // 3], place // 8 % 3
    instructor = people.educators[number % len(people.educators)]
    title = TITLES[difficulty][pattern].format(topic)
    title = title[0].upper() + title[1:]
    slug = f"{slugify(title)}-{repeated + 1}" if repeated else slugify(title)
    status, created, published, closed = timeline(chance, plan, number)
    reviews = size * chance.between(15, 45) // 100
    return Course(
        id=chance.uuid(created),
        number=number,
        size=size,
        title=f"{title}, with {instructor.name.full}" if repeated else title,
        slug=slug,
        category=category,
        topic=topic,
        difficulty=difficulty,
        instructor=instructor,
        status=status,
        created=created,
        published=published,
        closed=closed,
        price=0 if number % 4 == 3 else chance.pick(PRICES),
        average_rating=hundredths(chance.between(330, 495), 100) if reviews else None,
        reviews=reviews,
    )


def timeline(chance: Chance, plan: Plan, number: int) -> tuple[CourseStatus, int, int | None, int]:
    """Status; when it was made, published, and closed for enrollments."""
    if number >= len(plan.course_sizes):
        status = CourseStatus.PENDING_REVIEW if number % 3 == 0 else CourseStatus.DRAFT
        return status, chance.moment(plan.end - 60 * DAY, plan.end), None, plan.end
    archived = number % 11 == 10
    published = chance.moment(plan.begin, plan.end - 60 * DAY, early=1.7)
    created = chance.moment(published - 45 * DAY, published - 2 * DAY)
    closed = plan.end - 20 * DAY if archived else plan.end
    return CourseStatus.ARCHIVED if archived else CourseStatus.PUBLISHED, created, published, closed


def course_row(chance: Chance, course: Course, plan: Plan) -> Row:
    changed = course.closed + DAY if course.closed < plan.end else course.published
    return "courses", {
        "id": course.id,
        "created_at": stamp(course.created),
        "updated_at": stamp(changed or course.created),
        "instructor_id": course.instructor.id,
        "title": course.title,
        "description": description(chance, course),
        "slug": course.slug,
        "category": course.category.name,
        "difficulty": course.difficulty.value,
        "price": hundredths(course.price, 100),
        "currency": course.currency,
        "enrollment_limit": (course.size // 50 + 1) * 50 if course.number % 7 == 3 else None,
        "enrollment_count": course.size,
        "average_rating": course.average_rating,
        "total_reviews": course.reviews,
        "status": course.status.value,
        "published_at": stamp_if(course.published),
        "thumbnail_url": f"https://images.example.com/courses/{course.slug}.jpg",
    }


def description(chance: Chance, course: Course) -> str:
    terms = course.category.terms
    first = chance.between(0, len(terms) - 1)
    one, two, three = (terms[(first + step) % len(terms)][0] for step in range(3))
    return (
        f"A course on {course.topic}: {one}, {two}, {three} and what they are good for, with "
        f"short lessons, quizzes and a project of your own. {AUDIENCES[course.difficulty]}"
    )


def contents(chance: Chance, course: Course, plan: Plan) -> Iterator[Row]:
    """Modules and lessons, which go into `course.lessons` too; a draft has few."""
    count = chance.between(1, 2) if course.published is None else chance.between(2, 4)
    before = None
    for place in range(1, count + 1):
        module = chance.uuid(course.created)
        lessons: list[Row] = []
        minutes = 0
        of_module = chance.between(2, 4)
        for step in range(1, of_module + 1):
            is_last = step == of_module
            kind = kind_of_lesson(chance, step, is_last=is_last, ends_course=place == count)
            duration = chance.between(4, 25)
            minutes += duration
            lessons += make_lesson(chance, course, plan, module, kind, place, step, duration)
        prerequisite = before if chance.odds(0.5) else None
        yield module_row(course, module, place, minutes, prerequisite)
        yield from lessons
        before = module


def kind_of_lesson(chance: Chance, step: int, *, is_last: bool, ends_course: bool) -> LessonType:
    if is_last and ends_course and chance.odds(0.6):
        return LessonType.ASSIGNMENT
    if is_last:
        return LessonType.QUIZ
    return LessonType.VIDEO if step == 1 or chance.odds(0.5) else LessonType.TEXT


def module_row(
    course: Course, module: str, place: int, minutes: int, prerequisite: str | None
) -> Row:
    return "course_modules", {
        "id": module,
        "created_at": stamp(course.created),
        "updated_at": stamp(course.created),
        "course_id": course.id,
        "title": MODULES[place - 1],
        "description": "",
        "order_number": place,
        "duration_minutes": minutes,
        "prerequisite_module_id": prerequisite,
    }


def make_lesson(
    chance: Chance,
    course: Course,
    plan: Plan,
    module: str,
    kind: LessonType,
    place: int,
    step: int,
    minutes: int,
) -> list[Row]:
    """A lesson with its quiz or assignment."""
    key = chance.uuid(course.created)
    term, meaning = chance.pick(course.category.terms)
    term = term[0].upper() + term[1:]
    text = quiz = assignment = None
    rows: list[Row] = []
    match kind:
        case LessonType.VIDEO:
            title = chance.pick((f"{term}: the idea", f"{term}, shown", f"{term} at work"))
        case LessonType.TEXT:
            title = f"{term}: notes and examples"
            text = (
                f"{term}: {meaning}. Think of {course.topic}: where did you meet it last?\n\n"
                "Write down one example of your own before you go on."
            )
        case LessonType.QUIZ:
            title = f"Quiz: {MODULES[place - 1].lower()}"
            quiz, rows = make_quiz(chance, course.created, key, title, course.category)
        case LessonType.ASSIGNMENT:
            title = f"Project: {course.topic}"
            assignment, row = make_assignment(chance, course, plan, key, title)
            rows = [row]
    reference = course.refer(lesson_id=key)
    course.lessons.append(Lesson(key, reference, title, minutes * MINUTE, quiz, assignment))
    row = (
        "lessons",
        {
            "id": key,
            "created_at": stamp(course.created),
            "updated_at": stamp(course.created),
            "module_id": module,
            "title": title,
            "description": "",
            "lesson_type": kind.value,
            "content_url": (
                f"https://videos.example.com/{course.slug}/{place}-{step}"
                if kind is LessonType.VIDEO
                else ""
            ),
            "content_text": text or "",
            "duration_minutes": minutes,
            "order_number": step,
            "is_preview": place == step == 1,
            "metadata": '{"captions": ["en"], "height": 1080}'
            if kind is LessonType.VIDEO
            else "{}",
        },
    )
    return [row, *rows]


def make_assignment(
    chance: Chance, course: Course, plan: Plan, lesson: str, title: str
) -> tuple[Assignment, Row]:
    due = (plan.end // DAY + chance.between(-60, 45)) * DAY - MINUTE
    penalty = chance.pick((0, 10, 20))
    wants_file = chance.odds(0.7)
    key = chance.uuid(course.created)
    reference = course.refer(assignment_id=key)
    assignment = Assignment(key, reference, due, penalty, 100, wants_file)
    return assignment, (
        "assignments",
        {
            "id": assignment.id,
            "created_at": stamp(course.created),
            "updated_at": stamp(course.created),
            "lesson_id": lesson,
            "title": title,
            "description": f"Show what you learned about {course.topic}.",
            "instructions": "Describe what you tried, what came of it, and what you would change.",
            "due_date": stamp(due),
            "late_submission_allowed": True,
            "late_penalty_percentage": penalty,
            "max_points": assignment.max_points,
            "requires_file_upload": wants_file,
            "allowed_file_types": to_json(["pdf", "docx", "zip"] if wants_file else []),
            "max_file_size_mb": 10,
            "rubric": '{"idea": 40, "execution": 40, "presentation": 20}',
        },
    )
