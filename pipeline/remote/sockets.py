"""The sockets beneath the client. Owns their options. Must not know what is sent over them."""

import socket
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Address: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""

_USER_TIMEOUT: Final[int | None] = getattr(socket, "TCP_USER_TIMEOUT", None)
"""``None``: this system does not know the option."""


def socket_maker(unacknowledged_seconds: float) -> Callable[[Address], socket.socket]:
    """Makes sockets whose data the system gives up once it was not acknowledged for so long.

    That holds for what was sent before a connection was closed here, too (RFC 5482, tcp(7)).
    """
    # 0 would mean the system's own patience.
    milliseconds = max(1, round(unacknowledged_seconds * 1000))

    def make(address: Address) -> socket.socket:
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        if _USER_TIMEOUT is not None:
            made.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, milliseconds)
        return made

    return make
