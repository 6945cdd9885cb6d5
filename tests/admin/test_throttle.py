"""The limit on failed logins, and the client address for which they are counted."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from config.admin import throttle
from config.admin.client_address import client_address
from tests.admin.pages import LOGIN, PASSWORD, log_in

pytestmark = pytest.mark.usefixtures("ann")

HERE = "There were 5 failed attempts to log in to this account from this address."
BROWSER = "There were 5 failed attempts to log in to this account from this browser."
PROXY = "127.0.0.1"


def fail(client: Client, times: int = 5, account: str = "ann@example.com") -> list[int]:
    return [log_in(client, "wrong", account).status_code for _ in range(times)]


def expire_counters() -> None:
    Session.objects.update(expire_date="2020-01-01 00:00Z")


def test_login_after_too_many_failures__is_refused_even_with_the_password(client: Client) -> None:
    assert fail(client) == [200, 200, 200, 200, 429]
    locked = log_in(client, PASSWORD)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert f"{HERE} Try again in 15 minutes." in locked.content.decode()


def test_account_in_another_spelling__has_the_same_limit(client: Client) -> None:
    spellings = ["ann@example.com", "ANN@example.com", " ann@example.com", "\uff41nn@example.com"]
    for account in spellings:
        log_in(client, "wrong", account)
    assert log_in(client, "wrong").status_code == 429


def test_attempt_while_locked__does_not_extend_the_lock(client: Client) -> None:
    fail(client)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    before = [row.expire_date for row in Session.objects.all()]
    log_in(client, "wrong")
    assert [row.expire_date for row in Session.objects.all()] == before


def test_login_after_the_period__succeeds(client: Client) -> None:
    fail(client)
    expire_counters()
    assert log_in(client, PASSWORD).status_code == 302


@pytest.mark.parametrize("account", ["bob@example.com", "\0"])
def test_failures_of_another_account__do_not_lock_this_account(
    client: Client, account: str
) -> None:
    fail(Client(), 7, account)
    assert log_in(client, PASSWORD).status_code == 302


def test_failures_from_another_address__do_not_lock_this_address(client: Client) -> None:
    fail(Client(REMOTE_ADDR="192.0.2.7"))
    assert log_in(client, PASSWORD).status_code == 302


def test_failures_of_a_stranger__do_not_lock_out_a_known_browser(client: Client) -> None:
    log_in(client, PASSWORD)
    client.post("/admin/logout/")
    fail(Client())
    assert log_in(client, PASSWORD).status_code == 302


def test_known_browser__has_a_separate_limit(client: Client) -> None:
    log_in(client, PASSWORD)
    assert fail(client) == [200, 200, 200, 200, 429]
    assert BROWSER in log_in(client, PASSWORD).content.decode()


def test_known_browser__is_known_for_its_account_only(client: Client) -> None:
    log_in(client, PASSWORD)
    fail(client, account="bob@example.com")
    assert log_in(Client(), "wrong", "bob@example.com").status_code == 429


@pytest.mark.parametrize("cookie", ["x:y:z", "\xfc"])
def test_forged_cookie_of_a_known_browser__is_ignored(client: Client, cookie: str) -> None:
    client.cookies["known_browser"] = cookie
    fail(client)
    assert log_in(Client(), PASSWORD).status_code == 429


def test_cookie_of_a_known_browser__is_for_the_login_page_only(client: Client) -> None:
    cookie = log_in(client, PASSWORD).cookies["known_browser"]
    flags = {name: cookie[name] for name in ("path", "samesite", "httponly", "max-age")}
    assert flags == {
        "path": LOGIN,
        "samesite": "Strict",
        "httponly": True,
        "max-age": 180 * 24 * 3600,
    }


def test_address_that_tries_many_accounts__is_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "LIMIT_OF_ADDRESS", 3)
    statuses = [fail(client, 1, f"{number}@example.com") for number in range(3)]
    assert statuses == [[200], [200], [429]]
    assert "There were 3 failed attempts to log in from this address." in (
        log_in(client, PASSWORD).content.decode()
    )


def test_login_that_succeeds__resets_the_failures_of_the_account_but_not_of_the_address(
    client: Client,
) -> None:
    fail(client, 4)
    log_in(client, PASSWORD)
    assert [row.session_data for row in Session.objects.all() if not row.get_decoded()] == ["4"]
    assert fail(Client(), 4) == [200] * 4


def test_counter__is_not_a_usable_session_and_is_cleared(client: Client) -> None:
    fail(client, 1)
    assert [row.get_decoded() for row in Session.objects.all()] == [{}, {}]
    expire_counters()
    call_command("clearsessions")
    assert not Session.objects.exists()


def test_login_page__is_not_limited(client: Client) -> None:
    fail(client)
    assert client.get(LOGIN).status_code == 200


# The address of the client


@pytest.mark.parametrize(
    ("trusted", "peer", "header", "expected"),
    [
        ([], PROXY, "", PROXY),
        ([], PROXY, "192.0.2.1", PROXY),
        (["10.0.0.0/8"], PROXY, "192.0.2.1", PROXY),
        ([PROXY], PROXY, "", PROXY),
        ([PROXY], PROXY, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ([PROXY, "10.0.0.0/8"], PROXY, "203.0.113.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        ([PROXY, "10.0.0.0/8"], PROXY, "10.0.0.2, 10.0.0.1", "10.0.0.2"),
        ([PROXY], PROXY, "192.0.2.1:1234", "192.0.2.1"),
        ([PROXY], PROXY, "[2001:db8::1]:1234", "2001:db8::/64"),
        ([PROXY], PROXY, "2001:db8::ffff:1", "2001:db8::/64"),
        ([PROXY], PROXY, "::ffff:192.0.2.1", "192.0.2.1"),
        ([PROXY], "::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ([PROXY], PROXY, "192.0.2.1, unknown", PROXY),
        ([PROXY], PROXY, "192.0.2.1,", PROXY),
        ([PROXY], PROXY, "\xb2", PROXY),
        (["::1"], "fe80::1%eth0", "192.0.2.1", "fe80::/64"),
        (["unix"], "", "192.0.2.1", "192.0.2.1"),
        ([PROXY], "", "192.0.2.1", "unix"),
    ],
)
def test_address_of_a_client__cannot_be_forged(
    rf: RequestFactory,
    settings: Settings,
    trusted: list[str],
    peer: str,
    header: str,
    expected: str,
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = rf.get("/", headers={"X-Forwarded-For": header}, REMOTE_ADDR=peer)
    assert client_address(request) == expected


@pytest.mark.parametrize(
    ("behind_proxy", "trusted", "found"),
    [(False, [], []), (True, ["127.0.0.1"], []), (True, [], ["admin_theme.W001"])],
)
def test_check_deploy__warns_of_a_proxy_that_is_not_trusted(
    settings: Settings, behind_proxy: bool, trusted: list[str], found: list[str]
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if behind_proxy else None
    settings.TRUSTED_PROXIES = trusted
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert [message.id for message in messages if "PROXIES" in message.msg] == found
