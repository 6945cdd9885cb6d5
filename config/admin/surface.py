"""The names that other rooms and the apps import from config.admin."""

from config.admin.bounds import Model, QuerySet, TooSlowError, about, at_most, sizes
from config.admin.confirmation import ChangedSinceError, ask_again
from config.admin.currency_codes import currencies
from config.admin.filters import ChoiceFilter, EmptyFilter, RangeFilter, RecordFilter
from config.admin.forms import Allowed, ModelForm
from config.admin.inlines import StackedInline, TabularInline
from config.admin.mistakes import warn_of_ignored
from config.admin.options import ModelAdmin, ReadOnlyAdmin
from config.admin.related_records import icon, list_url
