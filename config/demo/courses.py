"""Courses with their modules, lessons, quizzes and assignments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.text import slugify

from config.demo.people import People, Person
from config.demo.plan import PlatformPlan
from config.demo.quizzes import Quiz, make_quiz
from config.demo.randomness import DAY, MINUTE, Chance, hundredths, hyphenated, stamp, stamp_if
from config.demo.rows import Row, timestamped_row, to_json
from config.demo.subjects import CATEGORIES, TITLES, Category
from config.demo.summaries import CourseSummary
from courses.enums import CourseStatus, Difficulty, LessonType

COURSE_PRICES = (1900, 2900, 3900, 4900, 4990, 5900, 7900, 9900, 12900, 19900)
MODULE_TITLES = (
    "Getting started",
    "The ideas behind it",
    "Tools and habits",
    "Going further",
    "A project of your own",
)
AUDIENCES = {
    Difficulty.BEGINNER: "No previous knowledge is needed.",
    Difficulty.INTERMEDIATE: "For those who know the basics and want to use them.",
    Difficulty.ADVANCED: "For those with some years of practice.",
}
TOPICS_OF_CATEGORY = 8
TITLED_SUBJECTS = [
    (category, category.topics[number], difficulty, title)
    for difficulty, titles in TITLES.items()
    for title in titles
    for number in range(TOPICS_OF_CATEGORY)
    for category in CATEGORIES
]
TITLE_COUNT = len(TITLED_SUBJECTS)
# Coprime to TITLE_COUNT, so that every title is used before a title is repeated.
TITLE_STRIDE = 485


@dataclass(frozen=True)
class Assignment:
    """The facts about an assignment that its submissions depend on."""

    id: str
    reference: str
    due: int
    penalty: int
    wants_file: bool


@dataclass(frozen=True)
class Lesson:
    """The facts about a lesson that the progress of students depends on."""

    id: str
    reference: str
    title: str
    seconds: int
    quiz: Quiz | None
    assignment: Assignment | None


class LessonSlot(NamedTuple):
    """The place of a lesson in its module, with its kind and length."""

    module: str
    module_number: int
    number: int
    kind: LessonType
    minutes: int


class Timeline(NamedTuple):
    """The status of a course, and the moments of its creation, publication and closing."""

    status: CourseStatus
    created: int
    published: int | None
    closed: int


@dataclass
class Course:
    """The facts about a course that its enrollments depend on, and their summary."""

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
    summary: CourseSummary = field(default_factory=CourseSummary)

    def __post_init__(self) -> None:
        self.reference = self.refer()
        self.path = f"/courses/{self.slug}"

    def refer(self, **ids: str) -> str:
        """Return the id of the course and the given ids as JSON."""
        return to_json(
            {name: hyphenated(key) for name, key in {"course_id": self.id, **ids}.items()}
        )

    @property
    def currency(self) -> str:
        return self.instructor.name.culture.currency


def make_course(plan: PlatformPlan, people: People, number: int) -> tuple[Course, list[Row]]:
    """Return a course, and the rows of the course, its modules and its lessons."""
    chance = plan.chance("course", number)
    course = new_course(chance, plan, people, number)
    return course, [course_row(chance, course, plan), *contents(chance, course, plan)]


def new_course(chance: Chance, plan: PlatformPlan, people: People, number: int) -> Course:
    size = plan.course_sizes[number] if number < len(plan.course_sizes) else 0
    repeated = number // TITLE_COUNT
    place = (plan.seed + number) * TITLE_STRIDE % TITLE_COUNT
    category, topic, difficulty, title = TITLED_SUBJECTS[place]
    instructor = people.educators[number % len(people.educators)]
    title = title.format(topic)
    title = title[0].upper() + title[1:]
    slug = f"{slugify(title)}-{repeated + 1}" if repeated else slugify(title)
    time = timeline(chance, plan, number)
    reviews = size * chance.between(15, 45) // 100
    return Course(
        id=chance.uuid(time.created),
        number=number,
        size=size,
        title=f"{title}, with {instructor.name.full}" if repeated else title,
        slug=slug,
        category=category,
        topic=topic,
        difficulty=difficulty,
        instructor=instructor,
        price=0 if number % 4 == 3 else chance.pick(COURSE_PRICES),
        average_rating=hundredths(chance.between(330, 495), 100) if reviews else None,
        reviews=reviews,
        **time._asdict(),
    )


def timeline(chance: Chance, plan: PlatformPlan, number: int) -> Timeline:
    if number >= len(plan.course_sizes):
        status = CourseStatus.PENDING_REVIEW if number % 3 == 0 else CourseStatus.DRAFT
        return Timeline(status, chance.moment(plan.end - 60 * DAY, plan.end), None, plan.end)
    archived = number % 11 == 10
    published = chance.moment(plan.begin, plan.end - 60 * DAY, early=1.7)
    created = chance.moment(published - 45 * DAY, published - 2 * DAY)
    closed = plan.end - 20 * DAY if archived else plan.end
    status = CourseStatus.ARCHIVED if archived else CourseStatus.PUBLISHED
    return Timeline(status, created, published, closed)


def course_row(chance: Chance, course: Course, plan: PlatformPlan) -> Row:
    changed = course.closed + DAY if course.closed < plan.end else course.published
    return timestamped_row(
        "courses",
        course.id,
        course.created,
        updated_at=stamp(changed or course.created),
        instructor_id=course.instructor.id,
        title=course.title,
        description=description(chance, course),
        slug=course.slug,
        category=course.category.name,
        difficulty=course.difficulty.value,
        price=hundredths(course.price, 100),
        currency=course.currency,
        enrollment_limit=(course.size // 50 + 1) * 50 if course.number % 7 == 3 else None,
        enrollment_count=course.size,
        average_rating=course.average_rating,
        total_reviews=course.reviews,
        status=course.status.value,
        published_at=stamp_if(course.published),
        thumbnail_url=f"https://images.example.com/courses/{course.slug}.jpg",
    )


def description(chance: Chance, course: Course) -> str:
    terms = course.category.terms
    first = chance.between(0, len(terms) - 1)
    one, two, three = (terms[(first + step) % len(terms)][0] for step in range(3))
    return (
        f"A course on {course.topic}: {one}, {two}, {three} and what they are good for, with "
        f"short lessons, quizzes and a project of your own. {AUDIENCES[course.difficulty]}"
    )


def contents(chance: Chance, course: Course, plan: PlatformPlan) -> Iterator[Row]:
    """Yield the rows of modules and lessons, and add the lessons to `course.lessons`."""
    modules = chance.between(1, 2) if course.published is None else chance.between(2, 4)
    previous = None
    for place in range(1, modules + 1):
        module = chance.uuid(course.created)
        rows: list[Row] = []
        minutes = 0
        lessons = chance.between(2, 4)
        for number in range(1, lessons + 1):
            is_last = number == lessons
            kind = kind_of_lesson(chance, number, is_last=is_last, ends_course=place == modules)
            duration = chance.between(4, 25)
            minutes += duration
            slot = LessonSlot(module, place, number, kind, duration)
            rows += make_lesson(chance, course, plan, slot)
        prerequisite = previous if chance.odds(0.5) else None
        yield module_row(course, module, place, minutes, prerequisite)
        yield from rows
        previous = module


def kind_of_lesson(chance: Chance, number: int, *, is_last: bool, ends_course: bool) -> LessonType:
    if is_last and ends_course and chance.odds(0.6):
        return LessonType.ASSIGNMENT
    if is_last:
        return LessonType.QUIZ
    return LessonType.VIDEO if number == 1 or chance.odds(0.5) else LessonType.TEXT


def module_row(
    course: Course, module: str, place: int, minutes: int, prerequisite: str | None
) -> Row:
    return timestamped_row(
        "course_modules",
        module,
        course.created,
        course_id=course.id,
        title=MODULE_TITLES[place - 1],
        order_number=place,
        duration_minutes=minutes,
        prerequisite_module_id=prerequisite,
    )


def make_lesson(chance: Chance, course: Course, plan: PlatformPlan, slot: LessonSlot) -> list[Row]:
    """Add a lesson to `course.lessons`. Return the rows of the lesson and of its exercises."""
    key = chance.uuid(course.created)
    term, meaning = chance.pick(course.category.terms)
    term = term[0].upper() + term[1:]
    text, quiz, assignment = "", None, None
    rows: list[Row] = []
    match slot.kind:
        case LessonType.VIDEO:
            title = chance.pick((f"{term}: the idea", f"{term}, shown", f"{term} at work"))
        case LessonType.TEXT:
            title = f"{term}: notes and examples"
            text = (
                f"{term}: {meaning}. Think of {course.topic}: where did you meet it last?\n\n"
                "Write down one example of your own before you go on."
            )
        case LessonType.QUIZ:
            title = f"Quiz: {MODULE_TITLES[slot.module_number - 1].lower()}"
            quiz, rows = make_quiz(chance, course.created, key, title, course.category)
        case LessonType.ASSIGNMENT:
            title = f"Project: {course.topic}"
            assignment, row = make_assignment(chance, course, plan, key, title)
            rows = [row]
    reference, seconds = course.refer(lesson_id=key), slot.minutes * MINUTE
    course.lessons.append(Lesson(key, reference, title, seconds, quiz, assignment))
    return [lesson_row(course, slot, key, title, text), *rows]


def lesson_row(course: Course, slot: LessonSlot, key: str, title: str, text: str) -> Row:
    is_video = slot.kind is LessonType.VIDEO
    address = f"https://videos.example.com/{course.slug}/{slot.module_number}-{slot.number}"
    return timestamped_row(
        "lessons",
        key,
        course.created,
        module_id=slot.module,
        title=title,
        lesson_type=slot.kind.value,
        content_url=address if is_video else "",
        content_text=text,
        duration_minutes=slot.minutes,
        order_number=slot.number,
        is_preview=slot.module_number == slot.number == 1,
        metadata='{"captions": ["en"], "height": 1080}' if is_video else "{}",
    )


def make_assignment(
    chance: Chance, course: Course, plan: PlatformPlan, lesson: str, title: str
) -> tuple[Assignment, Row]:
    due = (plan.end // DAY + chance.between(-60, 45)) * DAY - MINUTE
    penalty = chance.pick((0, 10, 20))
    wants_file = chance.odds(0.7)
    key = chance.uuid(course.created)
    reference = course.refer(assignment_id=key)
    assignment = Assignment(key, reference, due, penalty, wants_file)
    return assignment, timestamped_row(
        "assignments",
        assignment.id,
        course.created,
        lesson_id=lesson,
        title=title,
        description=f"Show what you learned about {course.topic}.",
        instructions="Describe what you tried, what came of it, and what you would change.",
        due_date=stamp(due),
        late_submission_allowed=True,
        late_penalty_percentage=penalty,
        max_points=100,
        requires_file_upload=wants_file,
        allowed_file_types=to_json(["pdf", "docx", "zip"] if wants_file else []),
        rubric='{"idea": 40, "execution": 40, "presentation": 20}',
    )
