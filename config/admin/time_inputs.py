"""Inputs for times in the viewer's zone. Clocks show some times twice, and others never."""

from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget

from config.postgres import FarTime, local_time

TWICE = (
    "Clocks in {zone} show {time} twice on {day}, because they are set back. Choose one of the two."
)
NEVER = (
    "Clocks in {zone} do not show {time} on {day}, because they are set forward. Enter another "
    "time, such as {other}."
)
OUTSIDE = "The time must be between the years 1 and 9999, also in UTC."


def readings(clock: datetime) -> list[datetime]:
    """Return the moments at which clocks in the current zone show `clock`: none, one or two."""
    zone = timezone.get_current_timezone()
    moments = [clock.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    real = [moment for moment in moments if _after_a_round_trip(moment) == clock]
    return list({moment.utcoffset(): moment for moment in real}.values())


def _after_a_round_trip(moment: datetime) -> datetime:
    """Convert to UTC and back to a clock time. This changes a time that clocks never show."""
    return timezone.make_naive(moment.astimezone(UTC), moment.tzinfo)


def offset(moment: datetime) -> str:
    """Return the offset from UTC, such as +02:00."""
    return f"{moment:%:z}"


def with_offset(moment: datetime) -> str:
    """Return a moment of a repeated hour with its offset, such as 02:30 CEST (UTC+02:00)."""
    name = f" {moment:%Z}" if f"{moment:%Z}".isalpha() else ""
    return f"{_clock(moment)}{name} (UTC{offset(moment)})"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}".removesuffix(":00")


class MomentWidget(UnfoldAdminSplitDateTimeWidget):
    """A date, a time and, if clocks show this time twice, a choice between the two."""

    template_name = "config_admin/moment.html"

    def __init__(self) -> None:
        super().__init__()
        forms.MultiWidget.__init__(self, [*self.widgets, UnfoldAdminSelectWidget()])

    def decompress(self, value: datetime | None) -> Any:
        if value is None:
            return [None, None, None]
        if isinstance(value, FarTime):
            return [str(value), "", None]
        moment = local_time(value)
        clock = moment.replace(tzinfo=None)
        twice = len(_readings_of(clock.date(), clock.time())) > 1
        return [clock.date(), clock.time(), offset(moment) if twice else None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        parts: Any = value if isinstance(value, list) else self.decompress(value)
        moments = _readings_of(*parts[:2])
        choices = [(offset(moment), with_offset(moment)) for moment in moments]
        if parts[2] not in dict(choices):
            choices.insert(0, ("", "Choose one of the two"))
        which: Any = self.widgets[-1]
        which.choices = choices if len(moments) > 1 else []
        context = super().get_context(name, parts, attrs)
        for part in context["widget"]["subwidgets"]:
            # Django's script gives this id to its warning about the time zone.
            part["attrs"]["aria-describedby"] = f"id_{name}_0_timezone_warning_helptext"
        return context


def _readings_of(day: date | str | None, clock: time | str | None) -> list[datetime]:
    """Return the moments for a date and a time, or none if their text is not valid."""
    try:
        parts: Any = forms.DateField().to_python(day), forms.TimeField().to_python(clock)
        return readings(datetime.combine(*parts))
    except (OverflowError, TypeError, ValidationError):
        return []


class MomentField(forms.SplitDateTimeField):
    """A date and a time in the current zone, with a choice if the time occurs twice."""

    def clean(self, value: list[Any]) -> datetime | None:
        try:
            moment: datetime | None = super().clean(value[:2])
        except ValidationError as error:
            if getattr(error, "code", "") != "ambiguous_timezone" or error.params is None:
                raise
            moment = _chosen(error.params["datetime"], value[2])
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(OUTSIDE) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the date, the time or, in a repeated hour, the choice was changed."""
        if isinstance(initial, FarTime) and data[:2] == [str(initial), ""]:
            return False
        if super().has_changed(initial, data):
            return True
        *_, shown = self.widget.decompress(initial)
        return bool(shown and data[2] and data[2] != shown)


def _chosen(clock: datetime, chosen: str | None) -> datetime:
    moments = {offset(moment): moment for moment in readings(clock)}
    if chosen in moments:
        return moments[chosen]
    zone = timezone.get_current_timezone()
    words = {"zone": zone, "time": _clock(clock), "day": date_format(clock, "j F Y")}
    if moments:
        raise ValidationError(TWICE.format(**words))
    other = _after_a_round_trip(clock.replace(tzinfo=zone))
    raise ValidationError(NEVER.format(**words, other=f"{other:%Y-%m-%d %H:%M:%S}"))
