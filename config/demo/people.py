"""People: educators, and students numbered in the order in which they joined."""

from dataclasses import dataclass
from typing import NamedTuple

from config.demo.events import EventLog
from config.demo.names import Name, name
from config.demo.plan import PlatformPlan
from config.demo.randomness import DAY, HOUR, Chance
from config.demo.summaries import StudentSummaries
from payments.enums import SubscriptionStatus

MONTH = 30 * DAY
SUBSCRIPTION_PLANS = (("learner-monthly", 1900), ("pro-monthly", 3900))
"""The plans with their prices in cents."""


class Person(NamedTuple):
    """The facts about an account that other rows depend on."""

    id: str
    name: Name
    joined: int


@dataclass(frozen=True)
class Subscription:
    """A plan, paid monthly by a student, that includes all courses."""

    plan: str
    price: int
    begin: int
    end: int
    status: SubscriptionStatus

    def covers(self, moment: int) -> bool:
        return self.begin <= moment < self.end


class People:
    """The facts about people; most are computed on demand, to save memory."""

    def __init__(self, plan: PlatformPlan) -> None:
        self.plan = plan
        self.summaries = StudentSummaries(plan)
        self.log = EventLog()
        chance = plan.chance("people")
        self.educators = [self._educator(chance, number) for number in range(plan.educators)]
        self.joined = sorted(
            chance.moment(plan.begin, plan.end - 2 * DAY, early=0.7) for _ in range(plan.students)
        )
        self.ids = [chance.uuid(joined) for joined in self.joined]

    def _educator(self, chance: Chance, number: int) -> Person:
        joined = chance.moment(self.plan.begin - 200 * DAY, self.plan.begin - 60 * DAY)
        return Person(chance.uuid(joined), name(self.plan.seed + number), joined)

    def student(self, number: int) -> Person:
        student_name = name(len(self.educators) + number, self.plan.seed)
        return Person(self.ids[number], student_name, self.joined[number])

    def is_idle(self, student: int) -> bool:
        """Return whether the student registered and never came back."""
        return student % 25 == 24

    def left(self, student: int) -> int | None:
        """Return the moment at which the student closed the account, or None."""
        if student % 50 != 9:
            return None
        joined = self.joined[student]
        return joined + (self.plan.end - joined) * (60 + student % 39) // 100

    def last_moment(self, student: int) -> int:
        """Return the time until which the student may be active."""
        return self.left(student) or self.plan.end

    def subscription(self, student: int) -> Subscription | None:
        if student % 12 != 5 or self.is_idle(student):
            return None
        chance = self.plan.chance("subscription", student)
        begin = self.joined[student] + chance.between(HOUR, 3 * HOUR)
        months = (self.last_moment(student) - begin) // MONTH + 1
        status = SubscriptionStatus.ACTIVE
        if self.left(student) or chance.odds(0.25):
            status, months = SubscriptionStatus.CANCELED, chance.between(1, months)
        elif chance.odds(0.1):
            status = chance.pick((SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID))
        return Subscription(*chance.pick(SUBSCRIPTION_PLANS), begin, begin + months * MONTH, status)

    def did(self, chance: Chance, moment: int, student: int, what: str, data: str = "{}") -> None:
        """Log an event of a student, and count the day as active."""
        self.summaries.days[student] |= 1 << (moment - self.plan.begin) // DAY
        self.log.add(chance, moment, self.ids[student], what, data)
