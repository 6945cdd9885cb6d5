"""Who there is: educators, and students by number in the order in which they joined."""

from dataclasses import dataclass
from typing import NamedTuple

from config.demo.chance import DAY, HOUR, Chance
from config.demo.events import EventLog
from config.demo.figures import StudentFigures
from config.demo.names import Name, name
from config.demo.plan import Plan
from payments.enums import SubscriptionStatus

MONTH = 30 * DAY
PLANS = (("learner-monthly", 1900), ("pro-monthly", 3900))


class Person(NamedTuple):
    """An account, as far as others refer to it."""

    id: str
    name: Name
    joined: int


@dataclass(frozen=True)
class Subscription:
    """A plan that a student pays for every month; courses cost nothing beside it."""

    plan: str
    price: int
    begin: int
    end: int
    status: SubscriptionStatus

    def covers(self, moment: int) -> bool:
        return self.begin <= moment < self.end


class People:
    """Facts about people that are worked out where they are needed, instead of kept."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.figures = StudentFigures(plan)
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
        its_name = name(len(self.educators) + number, self.plan.seed)
        return Person(self.ids[number], its_name, self.joined[number])

    def is_idle(self, student: int) -> bool:
        """Whether they registered and never came back."""
        return student % 25 == 24

    def left(self, student: int) -> int | None:
        """When they closed their account."""
        if student % 50 != 9:
            return None
        joined = self.joined[student]
        return joined + (self.plan.end - joined) * (60 + student % 39) // 100

    def last_moment(self, student: int) -> int:
        """Until when they may do something."""
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
        return Subscription(*chance.pick(PLANS), begin, begin + months * MONTH, status)

    def did(self, chance: Chance, moment: int, student: int, what: str, data: str = "{}") -> None:
        """An event of that student, who so was active on that day."""
        self.figures.days[student] |= 1 << (moment - self.plan.begin) // DAY
        self.log.add(chance, moment, self.ids[student], what, data)
