"""What whole promises need beside the program."""

from tests.postgres import server

__all__ = ["server"]
