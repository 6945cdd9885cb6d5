"""What all admin pages share: options, lists, filters, forms, exports, and login throttling."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.admin.bounds import Model, QuerySet, TooSlowError, at_most, estimates
    from config.admin.filters import RangeFilter, RecordFilter
    from config.admin.forms import ModelForm
    from config.admin.options import ModelAdmin, ReadOnlyAdmin, StackedInline, TabularInline
    from config.admin.related import icon

MODULES = {
    "bounds": ("Model", "QuerySet", "TooSlowError", "at_most", "estimates"),
    "filters": ("RangeFilter", "RecordFilter"),
    "forms": ("ModelForm",),
    "options": ("ModelAdmin", "ReadOnlyAdmin", "StackedInline", "TabularInline"),
    "related": ("icon",),
}

__all__ = [
    "Model",
    "ModelAdmin",
    "ModelForm",
    "QuerySet",
    "RangeFilter",
    "ReadOnlyAdmin",
    "RecordFilter",
    "StackedInline",
    "TabularInline",
    "TooSlowError",
    "at_most",
    "estimates",
    "icon",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used.

    Django imports this package before models can be imported, and the theme imports models.
    """
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
