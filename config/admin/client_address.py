"""The address of the client of a request, with or without proxies."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core import checks
from django.http import HttpRequest

IPAddress = IPv4Address | IPv6Address | None
"""None for a Unix socket, and for text that is not an address."""


def client_address(request: HttpRequest) -> str:
    """Return the client's address, or `unix` for a Unix socket.

    For IPv6, return the /64 network, because one client can use all addresses of a network.

    Each proxy appends the address of its client to X-Forwarded-For. So the client's address is the
    last address that is not a trusted proxy. The client may have forged the addresses before it.
    """
    client = _parsed(request.META.get("REMOTE_ADDR", ""))
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    while hops and _is_trusted(client) and (hop := _parsed(hops.pop())):
        client = hop
    if isinstance(client, IPv6Address):
        return str(ip_network((int(client), 64), strict=False))
    return str(client or "unix")


def _parsed(text: str) -> IPAddress:
    """Parse an address, also with a port or in brackets. Return None for other text."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: IPAddress) -> bool:
    proxies: list[str] = settings.TRUSTED_PROXIES
    if address is None:
        return "unix" in proxies
    return any(address in ip_network(proxy) for proxy in proxies if proxy != "unix")


def check_proxies(**options: object) -> list[checks.CheckMessage]:
    """Warn if failed logins are counted for the address of the proxy, not of the client."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is None or settings.TRUSTED_PROXIES:
        return []
    return [
        checks.Warning(
            "BEHIND_TLS_PROXY is on, but TRUSTED_PROXIES is not set. The failed logins of all "
            "clients are counted for the proxy's address, so clients can lock each other out.",
            hint="Let the proxy append the address of its client to X-Forwarded-For, and set "
            "TRUSTED_PROXIES to the address from which the proxy connects.",
            id="admin_theme.W001",
        )
    ]
