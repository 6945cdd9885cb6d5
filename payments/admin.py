"""Payments, subscriptions and refunds in the admin."""

from django.contrib import admin

from config.database.admin import ModelAdmin
from payments.models import Payment, Refund, Subscription


@admin.register(Payment)
class PaymentAdmin(ModelAdmin):
    list_display = (
        "user",
        "course",
        "amount",
        "currency",
        "status",
        "payment_method",
        "stripe_payment_intent_id",
        "created_at",
    )
    list_filter = ("status", "created_at")
    search_fields = (
        "stripe_payment_intent_id__exact",
        "stripe_checkout_session_id__exact",
        "user__email__exact",
    )
    search_help_text = "An id of Stripe's, or the user's e-mail address."
    autocomplete_fields = ("user", "course")


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    list_display = (
        "user",
        "plan_id",
        "status",
        "current_period_end",
        "cancel_at_period_end",
        "stripe_subscription_id",
    )
    list_filter = ("status", "cancel_at_period_end", "current_period_end")
    search_fields = (
        "stripe_subscription_id__exact",
        "stripe_customer_id__exact",
        "user__email__exact",
    )
    search_help_text = "An id of Stripe's, or the user's e-mail address."
    autocomplete_fields = ("user",)


@admin.register(Refund)
class RefundAdmin(ModelAdmin):
    list_display = ("payment__user", "amount", "payment", "status", "reason", "created_at")
    list_select_related = ("payment__user",)
    list_filter = ("status", "created_at")
    search_fields = (
        "stripe_refund_id__exact",
        "payment__stripe_payment_intent_id__exact",
        "payment__user__email__exact",
    )
    search_help_text = "An id of Stripe's, or the user's e-mail address."
    raw_id_fields = ("payment", "enrollment")
