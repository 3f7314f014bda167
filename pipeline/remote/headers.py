"""What every request carries, and where it goes. Owns the key's header.

Must not know what is sent, nor how.
"""

from importlib.metadata import version
from typing import Final

from yarl import URL

from pipeline.errors import ConfigFault
from pipeline.remote.proxy import Proxy
from pipeline.remote.secret import Secret

KEY_HEADER: Final = "x-copy-ai-api-key"

_USER_AGENT: Final = f"pipeline/{version('pipeline')}"


def address_of(base_url: str) -> URL:
    """The service's address. Raises `ConfigFault` where it is none."""
    try:
        address = URL(base_url)
        # The resolver would do so on every call, and its complaint is no network error.
        (address.host or "").encode("idna")
    except ValueError:
        address = URL()
    if address.scheme not in {"http", "https"} or not address.host:
        raise ConfigFault(
            place="workflow.base_url",
            wrong="it is not an address",
            remedy="write it as https://host/path",
        )
    return address


def headers_for(address: URL, key: Secret, proxy: Proxy | None) -> dict[str, str]:
    """The headers of every request.

    They are no defaults of the session, since aiohttp sends those to a proxy too, and with them
    the key in the clear. A proxy without a tunnel (plain http) reads its own from the request.
    """
    headers = {KEY_HEADER: _fit_for_a_header(key), "User-Agent": _USER_AGENT}
    return {**headers, **proxy.headers} if proxy and address.scheme == "http" else headers


def _fit_for_a_header(key: Secret) -> str:
    """The key. Raises `ConfigFault` where it holds what no header can carry."""
    text = key.reveal()
    if not (text.isascii() and text.isprintable()):
        raise ConfigFault(
            place="the service's key",
            wrong="it holds a line break, or a character that no key has",
            remedy="copy it once more into its environment variable or into .env",
        )
    return text
