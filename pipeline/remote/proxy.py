"""Which proxy stands between us and the service. Owns the environment's HTTPS_PROXY and NO_PROXY.

aiohttp's own `trust_env` reads the environment, and a `.netrc`, on a thread before each request;
here it is read once a client. Loopback never goes through a proxy. Must not know the service.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from pipeline.errors import ConfigFault

_SPOKEN: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is, and what lets us through it."""

    address: URL
    """Without the user and password that the environment names."""
    headers: Mapping[str, str] = field(repr=False)
    """Its own headers: `Proxy-Authorization` (RFC 9110, 11.7.2) where it has a user."""


def proxy_for(address: URL) -> Proxy | None:
    """The proxy to reach `address` through, by the environment; ``None`` for the straight way.

    Raises `ConfigFault` for a proxy that can't be used, without its address: that may hold a
    password.
    """
    host = address.host or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    named = getproxies()
    text = named.get(address.scheme) or named.get("all")
    if not text:
        return None
    variable = f"the environment's {address.scheme.upper()}_PROXY"
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
        (proxy.host or "").encode("idna")
    except ValueError:
        raise ConfigFault(
            place=variable, wrong="it is not an address", remedy="write http://host:port"
        ) from None
    if proxy.scheme not in _SPOKEN or not proxy.host:
        raise ConfigFault(
            place=variable,
            wrong="a proxy of this kind is not supported yet",
            remedy="name an http:// proxy, or put the service's host into NO_PROXY",
        )
    return Proxy(proxy.with_user(None), _authorization(proxy))


def _authorization(proxy: URL) -> dict[str, str]:
    if proxy.user is None:
        return {}
    credentials = f"{proxy.user}:{proxy.password or ''}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(credentials).decode()}"}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
