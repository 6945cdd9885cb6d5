"""The theme's own templates, for those of ours that replace them."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def theme_with_lower_heading(context: template.RequestContext) -> SafeString:
    """Return what the theme's template of the same name shows, with headings of the second level.

    The page has its own heading of the first level.
    """
    ours: Any = context.render_context.template
    theirs, _ = ours.engine.find_template(ours.name, skip=[ours.origin])
    html = theirs.render(context).replace("<h1", "<h2").replace("</h1>", "</h2>")
    return SafeString(html)
