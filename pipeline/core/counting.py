"""A number with its noun, as a person is told it. Owns nothing else, and must know nothing else."""


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2 rows``; of a noun that takes an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
