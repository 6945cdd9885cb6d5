"""Rows of accounts: users, profiles, subscriptions and their payments."""

from collections.abc import Iterator

from config.demo.payments import payment
from config.demo.people import MONTH, People, Person, Subscription
from config.demo.randomness import DAY, MINUTE, Chance, hyphenated, stamp, stamp_if
from config.demo.rows import Row, timestamped_row, to_json
from payments.enums import PaymentStatus, SubscriptionStatus
from users.enums import Role

NO_PASSWORD = "!"  # noqa: S105 (it disables login)
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
DEVICES = tuple(f'{{"device": "{name}"}}' for name in ("desktop", "desktop", "phone", "tablet"))
NOTIFICATION_PREFERENCES = (
    "{}",
    '{"email": true, "push": false}',
    '{"email": false, "push": true}',
)
PRIVACY_SETTINGS = ("{}", '{"profile": "students"}', '{"profile": "nobody", "progress": "nobody"}')
EDUCATOR_BIOS = (
    "Has taught for years, and still learns from every question.",
    "Came to teaching late, after a first life in the trade.",
    "Writes, records and teaches; answers in the forum on weekdays.",
    "Believes that everybody can learn anything, given time and a good example.",
)
STUDENT_BIOS = ("",) * 4 + ("Learning after work.", "Here to change careers.", "¡Hola!", "你好。")


def rows(people: People) -> Iterator[Row]:
    chance = people.plan.chance("accounts")
    for educator in people.educators:
        yield from educator_rows(chance, people, educator)
    for student in range(people.plan.students):
        yield from student_rows(chance, people, student)


def educator_rows(chance: Chance, people: People, educator: Person) -> Iterator[Row]:
    login = chance.moment(people.plan.end - 9 * DAY, people.plan.end)
    yield user(chance, educator, Role.EDUCATOR, login=login)
    yield profile(chance, educator, chance.pick(EDUCATOR_BIOS))
    people.log.add(chance, educator.joined, educator.id, "user_registered")
    people.log.add(chance, login, educator.id, "user_logged_in", chance.pick(DEVICES))


def student_rows(chance: Chance, people: People, student: int) -> Iterator[Row]:
    person = people.student(student)
    logins = [] if people.is_idle(student) else logins_of(chance, people, student)
    left = people.left(student)
    yield user(chance, person, Role.STUDENT, login=max(logins, default=None), left=left)
    yield profile(chance, person, chance.pick(STUDENT_BIOS))
    people.did(chance, person.joined, student, "user_registered")
    for login in logins:
        people.did(chance, login, student, "user_logged_in", chance.pick(DEVICES))
    if subscription := people.subscription(student):
        yield from subscription_rows(chance, person, subscription)


def logins_of(chance: Chance, people: People, student: int) -> list[int]:
    """Return the times of the first login, shortly after registering, and of a few later ones."""
    first = people.joined[student] + chance.between(1, 9) * MINUTE
    later = chance.between(0, 2)
    return [first, *(chance.moment(first, people.last_moment(student)) for _ in range(later))]


def user(
    chance: Chance, person: Person, role: Role, *, login: int | None, left: int | None = None
) -> Row:
    verified = login is not None
    resetting = chance.odds(0.005)
    return timestamped_row(
        "users",
        person.id,
        person.joined,
        updated_at=stamp(max(person.joined, login or 0, left or 0)),
        email=f"{person.name.mailbox}@{chance.pick(MAIL_DOMAINS)}",
        password_hash=NO_PASSWORD,
        role=role.value,
        email_verified=verified,
        verification_token=None if verified else chance.token(40),
        password_reset_token=chance.token(40) if resetting else None,
        password_reset_expires=stamp(person.joined + DAY) if resetting else None,
        last_login=stamp_if(login),
        deleted_at=stamp_if(left),
    )


def profile(chance: Chance, person: Person, bio: str) -> Row:
    culture = person.name.culture
    avatar = (
        f"https://images.example.com/avatars/{hyphenated(person.id)}.jpg"
        if chance.odds(0.4)
        else ""
    )
    return timestamped_row(
        "user_profiles",
        chance.uuid(person.joined),
        person.joined,
        updated_at=stamp(person.joined + 5 * MINUTE),
        user_id=person.id,
        full_name=person.name.full,
        bio=bio,
        avatar_url=avatar,
        timezone=culture.timezone,
        language=culture.language,
        notification_preferences=chance.pick(NOTIFICATION_PREFERENCES),
        privacy_settings=chance.pick(PRIVACY_SETTINGS),
    )


def subscription_rows(chance: Chance, person: Person, subscription: Subscription) -> Iterator[Row]:
    """Yield a subscription and its monthly payments; the last payment fails if it is overdue."""
    metadata = to_json({"plan": subscription.plan})
    months = range(subscription.begin, subscription.end, MONTH)
    yield subscription_row(chance, person.id, subscription)
    for begin in months:
        overdue = begin == months[-1] and subscription.status in (
            SubscriptionStatus.PAST_DUE,
            SubscriptionStatus.UNPAID,
        )
        status = PaymentStatus.FAILED if overdue else PaymentStatus.SUCCEEDED
        yield payment(chance, begin, person.id, subscription.price, status, metadata=metadata)


def subscription_row(chance: Chance, user: str, subscription: Subscription) -> Row:
    start = stamp(subscription.end - MONTH)
    return timestamped_row(
        "subscriptions",
        chance.uuid(subscription.begin),
        subscription.begin,
        updated_at=start,
        user_id=user,
        stripe_subscription_id=f"sub_{chance.token()}",
        stripe_customer_id=f"cus_{chance.token(14)}",
        plan_id=subscription.plan,
        status=subscription.status.value,
        current_period_start=start,
        current_period_end=stamp(subscription.end),
        cancel_at_period_end=(
            subscription.status is SubscriptionStatus.ACTIVE and chance.odds(0.15)
        ),
    )
