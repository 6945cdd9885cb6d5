"""The cookie that tells the browser which form was saved. The browser then deletes its draft."""

from django.http import HttpRequest, HttpResponse

RECEIPT = "saved_form"
"""The cookie with the number of the saved form. `drafts.js` sends the number with the form."""


def with_receipt(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return `response` with the cookie for the saved form."""
    number = request.POST.get("_draft", "")
    if number.isascii() and number.isdecimal():
        response.set_cookie(RECEIPT, number[:20], secure=request.is_secure(), samesite="Strict")
    return response
