"""Rows of payments, refunds and subscriptions. Amounts are in cents."""

from config.demo.randomness import Chance, hundredths, stamp
from config.demo.rows import Row
from payments.enums import PaymentStatus, RefundStatus, SubscriptionStatus

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
    """Return a payment; Stripe has no ids of one that a voucher pays or that was abandoned."""
    by_stripe = amount > 0 and status is not PaymentStatus.PENDING
    token = chance.token()
    return Row(
        "payments",
        {
            "id": chance.uuid(moment),
            "created_at": stamp(moment),
            "updated_at": stamp(moment),
            "user_id": user,
            "course_id": course,
            "stripe_payment_intent_id": f"pi_{token}" if by_stripe else None,
            "stripe_checkout_session_id": f"cs_{token}" if course and amount else None,
            "amount": hundredths(amount, 100),
            "currency": currency,
            "status": status.value,
            "payment_method": chance.pick(PAYMENT_METHODS) if by_stripe else "",
            "metadata": metadata,
        },
    )


def refund(
    chance: Chance,
    moment: int,
    payment: str | None,
    enrollment: str,
    amount: int,
    reason: str,
    status: RefundStatus,
) -> Row:
    return Row(
        "refunds",
        {
            "id": chance.uuid(moment),
            "created_at": stamp(moment),
            "updated_at": stamp(moment),
            "payment_id": payment,
            "enrollment_id": enrollment,
            "stripe_refund_id": None if status is RefundStatus.PENDING else f"re_{chance.token()}",
            "amount": hundredths(amount, 100),
            "reason": reason,
            "status": status.value,
        },
    )


def subscription(
    chance: Chance,
    user: str,
    plan: str,
    status: SubscriptionStatus,
    begin: int,
    period: tuple[int, int],
) -> Row:
    return Row(
        "subscriptions",
        {
            "id": chance.uuid(begin),
            "created_at": stamp(begin),
            "updated_at": stamp(period[0]),
            "user_id": user,
            "stripe_subscription_id": f"sub_{chance.token()}",
            "stripe_customer_id": f"cus_{chance.token(14)}",
            "plan_id": plan,
            "status": status.value,
            "current_period_start": stamp(period[0]),
            "current_period_end": stamp(period[1]),
            "cancel_at_period_end": status is SubscriptionStatus.ACTIVE and chance.odds(0.15),
        },
    )
