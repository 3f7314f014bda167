"""What the cells can't hold: whole texts in a file beside the output. Must not know a format."""

from pathlib import Path

from pipeline.sheets.files import write_whole


class Overflow:
    """The texts that did not fit, gathered while the cells are made, then written at once."""

    def __init__(self, target: Path) -> None:
        self._path = target.with_name(f"{target.stem}.overflow.txt")
        self._parts: list[str] = []
        self.written: Path | None = None
        """Where the texts stand; ``None`` where all fitted, or before they were written."""

    @property
    def name(self) -> str:
        """The file's name, for the note in the cell."""
        return self._path.name

    def keep(self, row: int, column: str, text: str) -> None:
        """Keep a row's text verbatim, below a line that says where it belongs."""
        self._parts.append(f"=== row {row}, column {column} ===\n{text}\n")

    def write(self) -> None:
        """Write the file, where there is anything to write.

        A file of an earlier write is then left alone: a copy of that output may still name it.
        Raises `OutputFault`.
        """
        if not self._parts:
            return
        # A lone surrogate is no character, but the text is kept as it came.
        content = "".join(self._parts).encode("utf-8", errors="surrogatepass")
        self.written, _ = write_whole(self._path, [content])
