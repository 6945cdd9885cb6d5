"""The base of all admin pages: options, lists, filters, forms, exports, throttling."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.admin.public_names import *  # noqa: F403  for type checkers only
else:

    def __getattr__(name: str) -> object:
        """Import config.admin.public_names when one of its names is first used.

        Django imports this package before it allows imports of models, and unfold imports models.
        """
        from importlib import import_module

        return getattr(import_module("config.admin.public_names"), name)
