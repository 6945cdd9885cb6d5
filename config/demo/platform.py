"""The generation of all rows of a platform, parents before their children."""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack

from config.demo import accounts
from config.demo.communication import Communication, Member
from config.demo.courses import Course, make_course
from config.demo.people import People
from config.demo.plan import PlatformPlan
from config.demo.randomness import DAY, HOUR, MINUTE, Chance
from config.demo.record import StudyRecord
from config.demo.rows import Row
from config.demo.study import Study

VISITED_PAGES = tuple(f'{{"path": "{path}"}}' for path in ("/", "/courses", "/pricing", "/about"))


class Platform(ExitStack):
    """A platform that is generated piece by piece. Only facts about people stay in memory."""

    def __init__(self, plan: PlatformPlan) -> None:
        super().__init__()
        self.plan = plan
        self.people = People(plan)
        self.log = self.enter_context(self.people.log)

    def rows(self) -> Iterator[Row]:
        """Yield all rows except the events, which are in the log afterwards."""
        yield from accounts.rows(self.people)
        for number in range(len(self.plan.course_sizes) + self.plan.unpublished_courses):
            course, rows = make_course(self.plan, self.people, number)
            yield from rows
            if course.published:
                yield from self.life_of_course(course, course.published)
        yield from self.people.summaries.rows(self.people.ids)

    def life_of_course(self, course: Course, published: int) -> Iterator[Row]:
        chance = self.plan.chance("life", course.number)
        members: list[Member] = []
        for student in self.students(chance, course, published):
            begin = max(published, self.people.joined[student] + 15 * MINUTE)
            last = min(course.closed, self.people.last_moment(student)) - HOUR
            study = Study(self.people, course, chance, student, begin, last)
            yield from StudyRecord(self.people, study).all_rows()
            if not self.people.left(student):
                members.append(Member(student, study.enrolled))
        if members:
            yield from Communication(self.people, course, members).rows()
        self.visit(chance, course, published)
        yield course.summary.row(course.id, course.average_rating, self.plan.end)

    def students(self, chance: Chance, course: Course, published: int) -> Iterator[int]:
        """Yield different students who had at least a day to enroll."""
        joined_in_time = bisect_left(self.people.joined, course.closed - 2 * DAY)
        chosen: set[int] = set()
        while len(chosen) < course.size:
            student = int(joined_in_time * chance.random())
            late = self.people.last_moment(student) - published < DAY
            if student in chosen or late or self.people.is_idle(student):
                continue
            chosen.add(student)
            yield student

    def visit(self, chance: Chance, course: Course, published: int) -> None:
        """Log the events of visitors who are not logged in."""
        for _ in range(2 + course.size // 2):
            moment = chance.moment(published, self.plan.end, early=0.7)
            if chance.odds(0.3):
                self.log.add(chance, moment, None, "page_viewed", chance.pick(VISITED_PAGES))
            else:
                self.log.add(chance, moment, None, "course_viewed", course.reference)
