"""Payments, subscriptions and refunds in the admin."""

from django.contrib import admin
from django.db.models import F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone

from config.admin import ChoiceFilter, ModelAdmin, QuerySet, currencies
from payments.models import Payment, Refund, Subscription

REVIEW = "review_requested_at"
"""The key in `metadata` that marks a payment for review. There is no column for this mark."""
MARKED = Q(metadata__has_key=REVIEW)


class ReviewFilter(ChoiceFilter):
    """A filter by the mark for review."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("requested", "Requested")]

    def filtered(self, queryset: QuerySet) -> QuerySet:
        return queryset.filter(MARKED)


@admin.register(Payment)
class PaymentAdmin(ModelAdmin):
    icon = "payments"
    named_by = ("user", "course")
    money = {"amount": "currency"}
    offers = {"currency": currencies}
    list_display = (
        "amount",
        "user",
        "course",
        "status",
        "payment_method",
        "stripe_payment_intent_id",
        "review",
        "created_at",
    )
    list_filter = ("status", ReviewFilter, "user", "course", "amount", "created_at")
    search_fields = (
        "stripe_payment_intent_id__exact",
        "stripe_checkout_session_id__exact",
        "user__email__startswith",
    )
    search_help_text = "Stripe id, or beginning of the user's e-mail address"
    actions = ("request_review", "finish_review")
    violations = {
        "payments_currency_check": ("currency", "Use three capital letters, such as EUR."),
    }

    @admin.display(description="To review", boolean=True)
    def review(self, payment: Payment) -> bool:
        return REVIEW in payment.metadata

    @admin.action(description="Mark selected payments for review")
    def request_review(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Mark payments with the current time in their metadata."""
        now = timezone.now()
        mark = Value({REVIEW: now.isoformat()}, JSONField())
        marked = Func(F("metadata"), mark, template="%(expressions)s", arg_joiner=" || ")
        unmarked, done, why = ~MARKED, "marked for review", "already marked for review"
        self.change(request, queryset, unmarked, done, why, metadata=marked, updated_at=now)

    @admin.action(description="Unmark selected payments for review")
    def finish_review(self, request: HttpRequest, queryset: QuerySet) -> None:
        mark = Cast(Value(REVIEW), TextField())
        rest = Func(F("metadata"), mark, template="%(expressions)s", arg_joiner=" - ")
        done, why = "reviewed", "not marked for review"
        now = timezone.now()
        self.change(request, queryset, MARKED, done, why, metadata=rest, updated_at=now)


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    icon = "autorenew"
    named_by = ("user",)
    list_display = (
        "plan_id",
        "user",
        "status",
        "current_period_end",
        "cancel_at_period_end",
        "stripe_subscription_id",
    )
    list_filter = ("status", "cancel_at_period_end", "user", "current_period_end", "created_at")
    search_fields = (
        "stripe_subscription_id__exact",
        "stripe_customer_id__exact",
        "user__email__startswith",
    )
    search_help_text = "Stripe id, or beginning of the user's e-mail address"
    violations = {
        "subscriptions_current_period_check": (
            "current_period_end",
            "The period must end after it starts.",
        ),
        "subscriptions_active_uniq": (
            "plan_id",
            "The user already has an active subscription to this plan.",
        ),
    }


@admin.register(Refund)
class RefundAdmin(ModelAdmin):
    icon = "currency_exchange"
    named_by = ("payment__user",)
    money = {"amount": "payment__currency"}
    list_display = ("amount", "payment__user", "payment", "status", "reason", "created_at")
    list_filter = ("status", "payment", "enrollment", "amount", "created_at")
    search_fields = (
        "stripe_refund_id__exact",
        "payment__stripe_payment_intent_id__exact",
        "payment__user__email__startswith",
    )
    search_help_text = "Stripe id, or beginning of the user's e-mail address"
