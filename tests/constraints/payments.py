"""Rules of payments, subscriptions and refunds."""

from tests.constraints.rules import (
    Rule,
    currency,
    decimals,
    json_shape,
    not_blank,
    same_as_other,
    unique,
)

RULES = [
    unique("payments_stripe_payment_intent_id_uniq", "stripe_payment_intent_id", succeeded=True),
    unique(
        "payments_stripe_checkout_session_id_uniq",
        "stripe_checkout_session_id",
        at_checkout=True,
    ),
    not_blank("payments_stripe_payment_intent_id_check"),
    not_blank("payments_stripe_checkout_session_id_check"),
    decimals("0", "99999999.99", "payments_amount_check", below="-0.01"),
    currency("payments_currency_check"),
    json_shape("object", "payments_metadata_check"),
    unique("subscriptions_stripe_subscription_id_uniq", "stripe_subscription_id"),
    Rule(
        "subscriptions_active_uniq",
        refused=[same_as_other("subscriptions", "user_id", "plan_id")],
        accepted=[
            same_as_other("subscriptions", "plan_id"),
            same_as_other("subscriptions", "user_id") + ", plan_id = 'yearly'",
            same_as_other("subscriptions", "user_id", "plan_id") + ", status = 'canceled'",
        ],
    ),
    not_blank("subscriptions_stripe_subscription_id_check"),
    not_blank("subscriptions_stripe_customer_id_check"),
    not_blank("subscriptions_plan_id_check"),
    Rule(
        "subscriptions_current_period_check",
        refused=[
            "current_period_end = current_period_start",
            "current_period_end = current_period_start - interval '1 day'",
        ],
        accepted=["current_period_end = current_period_start + interval '1 microsecond'"],
    ),
    unique("refunds_stripe_refund_id_uniq", "stripe_refund_id", succeeded=True),
    not_blank("refunds_stripe_refund_id_check"),
    decimals("0.01", "99999999.99", "refunds_amount_check", below="0"),
]
