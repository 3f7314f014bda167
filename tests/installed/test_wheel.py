"""What is not Python, and is needed all the same, comes along in the wheel."""

import zipfile
from pathlib import Path

from tests.installed.check_wheel import CHECKOUT, build_wheel


def test_every_file_of_the_package_is_in_the_wheel(tmp_path: Path) -> None:
    """Schemas, the page and its styles: whoever installs it has what the checkout has."""
    with zipfile.ZipFile(build_wheel(tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if not name.split("/")[0].endswith("info")}
    files = (path for path in (CHECKOUT / "pipeline").rglob("*") if path.is_file())
    kept = {path.relative_to(CHECKOUT).as_posix() for path in files if path.suffix != ".pyc"}
    assert {"pipeline/ledger/schema.sql", "pipeline/report/report.html"} <= packed
    assert packed == kept
