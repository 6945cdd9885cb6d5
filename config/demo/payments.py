"""Rows of payments. Amounts are in cents."""

from config.demo.randomness import Chance, hundredths
from config.demo.rows import Row, timestamped_row
from payments.enums import PaymentStatus

PAYMENT_METHODS = ("card", "card", "card", "card", "paypal", "sepa_debit", "link", "klarna")


def payment(
    chance: Chance,
    moment: int,
    user: str,
    amount: int,
    status: PaymentStatus,
    *,
    course: str | None = None,
    currency: str = "USD",
    metadata: str,
) -> Row:
    """Return a payment. A pending payment, or one that a voucher covers, has no payment intent."""
    by_stripe = amount > 0 and status is not PaymentStatus.PENDING
    token = chance.token()
    return timestamped_row(
        "payments",
        chance.uuid(moment),
        moment,
        user_id=user,
        course_id=course,
        stripe_payment_intent_id=f"pi_{token}" if by_stripe else None,
        stripe_checkout_session_id=f"cs_{token}" if course and amount else None,
        amount=hundredths(amount, 100),
        currency=currency,
        status=status.value,
        payment_method=chance.pick(PAYMENT_METHODS) if by_stripe else "",
        metadata=metadata,
    )
