"""CSV files as other programs save them, from the config to the output."""

from pathlib import Path

from tests.journeys.running import pipeline, write_config


def test_a_guess_at_the_encoding_is_said_and_can_be_mended(tmp_path: Path) -> None:
    """One line tells of it; with the encoding named, the letters are right and nothing is said."""
    content = "Spółka;Nr\r\nŻółw;1\r\n".encode("cp1250")
    (tmp_path / "rows.csv").write_bytes(content)
    columns = {"variables": {"Company": "A"}, "input": {"path": "rows.csv", "header_row": "none"}}
    config = write_config(tmp_path / "guess.yaml", **columns)
    assert "rows.csv is not UTF-8, and is read as Windows-1252" in pipeline("check", config).err
    section = {"path": "rows.csv", "csv": {"encoding": "windows-1250"}}
    config = write_config(tmp_path / "named.yaml", variables={"Company": "Spółka"}, input=section)
    ended = pipeline("run", config)
    assert ended.exit == 0, ended.err
    assert "Windows" not in ended.err
    lines = (tmp_path / "rows.done.csv").read_bytes().decode("cp1250").split("\r\n")
    assert lines[0] == "Spółka;Nr;Email;Status;Run ID;Credits;Error"
    assert lines[1].startswith("Żółw;1;")
    assert ";complete;" in lines[1]


def test_a_csv_fault_is_told_with_those_of_the_config(tmp_path: Path) -> None:
    """A wrong section and a wrong row are two lines of one answer."""
    (tmp_path / "rows.csv").write_text("Company,Nr\nAcme,1\nAcme, Inc.,2\n")
    config = write_config(tmp_path / "wrong.yaml", outputs={}, input={"path": "rows.csv"})
    ended = pipeline("check", config)
    assert ended.exit == 2
    assert "rows.csv, line 3: a row has 3 fields under a header of 2" in ended.err
    assert "names no outputs" in ended.err
