"""A tag that includes a template of the theme in our template of the same name."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def theme_with_lower_heading(context: template.RequestContext) -> SafeString:
    """Return the theme's template of the same name, rendered with <h2> in place of <h1>.

    The page already has an <h1>.
    """
    ours: Any = context.render_context.template
    theirs, _ = ours.engine.find_template(ours.name, skip=[ours.origin])
    html = theirs.render(context).replace("<h1", "<h2").replace("</h1>", "</h2>")
    return SafeString(html)
