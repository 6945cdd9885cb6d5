"""The names that other rooms and the apps import from config.admin."""

from config.admin.bounds import Model as Model
from config.admin.bounds import QuerySet as QuerySet
from config.admin.bounds import TooSlowError as TooSlowError
from config.admin.bounds import about as about
from config.admin.bounds import at_most as at_most
from config.admin.bounds import row_counts as row_counts
from config.admin.confirmation import ChangedSinceError as ChangedSinceError
from config.admin.confirmation import ask_again as ask_again
from config.admin.currency_codes import currencies as currencies
from config.admin.filters import ChoiceFilter as ChoiceFilter
from config.admin.filters import EmptyFilter as EmptyFilter
from config.admin.filters import RangeFilter as RangeFilter
from config.admin.filters import RecordFilter as RecordFilter
from config.admin.forms import Allowed as Allowed
from config.admin.forms import ModelForm as ModelForm
from config.admin.inlines import StackedInline as StackedInline
from config.admin.inlines import TabularInline as TabularInline
from config.admin.options import ModelAdmin as ModelAdmin
from config.admin.options import ReadOnlyAdmin as ReadOnlyAdmin
from config.admin.related_records import icon as icon
from config.admin.related_records import list_url as list_url
from config.admin.url_parameters import warn_of_ignored as warn_of_ignored
