"""A cookie that tells the browser that a form was saved, so that its draft can be deleted."""

from django.http import HttpRequest, HttpResponse

RECEIPT = "saved_form"
"""The cookie with the number of the saved form. `drafts.js` sends the number with the form."""


def with_receipt(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the cookie for the form that was saved to `response`."""
    number = request.POST.get("_draft", "")
    if number.isascii() and number.isdecimal():
        response.set_cookie(RECEIPT, number[:20], secure=request.is_secure(), samesite="Strict")
    return response
