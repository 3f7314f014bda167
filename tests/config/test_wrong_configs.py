"""A table of mistakes, and the one line that tells of each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.load import Draft

WRONG = [
    # section, text, place, wrong, remedy
    ("name", "a/b", "line 5, name", "can't name a file", "letters, digits"),
    ("name", "5", "line 5, name", "not text", 'name: "lead-emails"'),
    ("nmae", "x", "line 5, nmae", "no such key", "did you mean name?"),
    ("input", None, "leads.yaml, input", "missing", 'input: {"path": "leads.xlsx"}'),
    ("input", "leads.xlsx", "line 1, input", "not a section", "path"),
    ("input", "{sheet: A}", "line 1, input.path", "missing", "path:"),
    ("input", "{path: ''}", "line 1, input.path", "no path", "relative"),
    ("input", "{path: a.csv, shete: A}", "input.shete", "no such key", "did you mean sheet?"),
    ("input", "{path: a.csv, sheet: 2024}", "input.sheet", "not text", 'sheet: "Leads"'),
    ("input", "{path: a.csv, header_row: 0}", "input.header_row", "0 is no header row", "none"),
    ("input", "{path: a.csv, key: Lead ID}", "input.key", "not a list", '["Lead ID"]'),
    ("input", "{path: a.csv, key: [5]}", "line 1, input.key", "5 is no name", "quotes"),
    ("input", "{path: a.csv, where: {A: }}", "input.where.A", "no value stands here", '""'),
    ("input", "{path: a.csv, where: {A: [1]}}", "input.where.A", "a list is no text", "shows"),
    ("input", "{path: a.csv, hidden: no}", "input.hidden", "not 'include' or 'skip'", "include"),
    ("input", "{path: a.ods, hidden: skip}", "input.hidden", "in a file of the kind .ods", ".xlsx"),
    ("input", "{path: a.XLS, hidden: skip}", "input.hidden", "a file of the kind .xls", ".xlsx"),
    ("input", "{path: a.xlsb, hidden: skip}", "input.hidden", "of the kind .xlsb", "leave it out"),
    ("input", "{path: a.tsv, hidden: skip}", "input.hidden", "has no hidden rows", ".xlsx"),
    ("input", "{path: a.csv, sheet: A}", "input.sheet", "a text file has no sheets", "leave it"),
    ("input", "{path: a.csv, duplicates: never}", "duplicates", "not 'each' or 'once'", "each"),
    ("input", "{path: a.csv, csv: ';'}", "input.csv", "not a section", "csv"),
    ("input", "{path: a.csv, csv: {delim: ';'}}", "csv.delim", "no such key", "mean delimiter?"),
    ("input", "{path: a.csv, csv: {delimiter: ''}}", "csv.delimiter", "'' is no delimiter", "tab"),
    ("input", "{path: a.csv, csv: {delimiter: ', '}}", "csv.delimiter", "no delimiter", "found"),
    ("input", "{path: a.csv, csv: {delimiter: x}}", "csv.delimiter", "'x' is no delimiter", "sign"),
    ("input", '{path: a.csv, csv: {delimiter: "\\n"}}', "csv.delimiter", "no delimiter", "sign"),
    ("input", "{path: a.csv, csv: {quote: }}", "csv.quote", "no value stands here", "none"),
    ("input", "{path: a.csv, csv: {quote: 1}}", "input.csv.quote", "1 is no quote", "none"),
    ("input", "{path: a.csv, csv: {delimiter: '\"'}}", "csv.quote", "are the same", "mend one"),
    ("input", "{path: a.csv, csv: {encoding: windws-1252}}", "encoding", "no encoding", "1252?"),
    ("input", "{path: a.csv, csv: {encoding: utf-7}}", "csv.encoding", "no encoding", "utf-8"),
    ("input", "{path: a.csv, csv: {encoding: 5}}", "csv.encoding", "5 is no encoding", "utf-8"),
    ("input", '{path: a.csv, csv: {encoding: "a\\0"}}', "csv.encoding", "no encoding", "utf-8"),
    ("input", "{path: leads.xlsx, csv: {quote: none}}", "input.csv", "files only", "leave it out"),
    ("output", "{path: leads.xlsx}", "output.path", "replace the input", "another path"),
    ("output", "{path: ./x/../leads.xlsx}", "output.path", "replace the input", "another path"),
    ("output", "{path: leads.csv}", "output.path", "ends in .csv", ".xlsx"),
    ("output", "{columns: {error: Status}}", "output.columns.error", "two new", "another name"),
    ("workflow", "{base_url: simulator}", "workflow.id", "missing", "id:"),
    ("workflow", "{id: WCFG-…}", "workflow.id", "placeholder", "tab API"),
    ("workflow", "{id: a/b}", "workflow.id", "slash", "tab API"),
    ("workflow", "{id: 5}", "workflow.id", "number", "quotes"),
    ("workflow", "{id: A, base_url: ftp://x}", "workflow.base_url", "no http", "https"),
    ("workflow", "{id: A, base_url: 'https://x?a=SECRET'}", "base_url", "more than", "leave out"),
    ("workflow", "{id: A, base_url: 'https://me:SECRET@x'}", "base_url", "more than", "leave out"),
    ("workflow", "{id: A, base_url: 'http://x.org'}", "base_url", "unprotected", "https"),
    ("workflow", "{id: A, base_url: 'https://['}", "base_url", "no http address", "https"),
    ("workflow", "{id: A, api_key: SECRET}", "workflow.api_key", "a key stands", ".env"),
    ("workflow", "{id: A, x-copy-ai-api-key: SECRET}", "workflow.x-", "a key stands", ".env"),
    ("workflow", "{id: A, api_key_env: MY, key: SECRET}", "workflow.key", "a key", "MY or into"),
    ("workflow", "{id: A, api_key_env: SECRET-1}", "workflow.api_key_env", "no name", ".env"),
    ("workflow", "{id: A, api_key_env: 0a1bSECRET}", "workflow.api_key_env", "no name", ".env"),
    ("workflow", "{id: A, metadata: {a: .inf}}", "workflow.metadata", "number", "number"),
    ("workflow", "{id: A, metadata: {pipeline_attempt: x}}", "metadata", "own", "another name"),
    ("input", '{path: a.csv, "a\\nb": c}', "line 1, input.a b", "no such key", "the keys here"),
    ("key", "[Lead ID]", "line 5, key", "no such key", "the keys here"),
    ("token", "SECRET", "line 5, token", "a key stands", "COPY_AI_API_KEY"),
    ("COPY_AI_API_KEY", "SECRET", "line 5, COPY_AI_API_KEY", "a key stands", "take it out"),
    ("variables", None, "leads.yaml, variables", "missing", "Company"),
    ("variables", "{}", "line 3, variables", "at least one line", "Company"),
    ("variables", "[Company]", "line 3, variables", "not a section", "Company"),
    ("variables", "{A: 5}", "line 3, variables.A", "5 is no name", "quotes"),
    ("variables", "{A: {}}", "variables.A", "no source", "exactly one"),
    ("variables", "{A: {column: A, value: 1}}", "variables.A", "stand together", "exactly one"),
    ("variables", "{A: {value: 1, default: x}}", "variables.A", "column only", "leave it out"),
    ("variables", "{A: {colum: A}}", "variables.A.colum", "no such key", "column?"),
    ("variables", "{A: {column: A, required: 1}}", "variables.A.required", "not true", "required"),
    ("variables", "{A: {column: A, format: us}}", "A.format", "not 'raw', 'shown' or 'iso'", "iso"),
    ("variables", "{A: {value: 1, format: raw}}", "variables.A", "column or a template", "leave"),
    ("variables", "{A: {template: '{{ x }}'}}", "variables.A.template", "'x'", "row.Company"),
    ("outputs", None, "leads.yaml, outputs", "missing", 'outputs: "*"'),
    ("outputs", "{}", "line 4, outputs", "an empty section names no outputs", '"*"'),
    ("outputs", "Email", "line 4, outputs", "'Email' names no outputs", "new column: output"),
    ("outputs", "{Status: a}", "outputs.Status", "two new columns", "another name"),
    ("outputs", "{A b: a, A  b: b}", "line 4, outputs", "white space only", "another name"),
    ("outputs", "{A: }", "outputs.A", "no value stands here", "analysis.score"),
    ("outputs", "{A: 5}", "outputs.A", "5 names no output", "analysis.score"),
    ("outputs", "", "line 4, outputs", "no value stands here", '"*"'),
    ("outputs", "{'': y}", "line 4, outputs.''", "a name is blank", "the new column's header"),
    ("output", "{columns: {status: ''}}", "columns.status", "a name is blank", "new column's"),
    ("variables", "{A: }", "line 3, variables.A", "no value stands here", "the column's name"),
    ("variables", "{A: ''}", "line 3, variables.A", "a name is blank", "in the sheet's header"),
    ("input", "{path: a.csv, key: [~]}", "input.key", "no value stands here", "the column's name"),
    ("input", "{path: a.csv, header_row: }", "header_row", "no value stands here", "from 1"),
    ("input", "{path: }", "line 1, input.path", "no value stands here", "relative to this"),
    ("workflow", "", "line 2, workflow", "no value stands here", "WCFG-0123"),
    ("workflow", "{id: }", "line 2, workflow.id", "no value stands here", "tab API"),
    ("limits", "{rate: }", "line 5, limits.rate", "no value stands here", "N/min"),
    ("limits", "{burst: }", "line 5, limits.burst", "no value stands here", "burst: 1"),
    ("polling", "{first: }", "line 5, polling.first", "no value stands here", "s, min, h"),
    ("limits", "{rate: 60}", "line 5, limits.rate", "60 is not a rate", "N/min"),
    ("limits", "{rate: 60/m}", "line 5, limits.rate", "'60/m'", "N/min"),
    ("limits", "{burst: true}", "limits.burst", "not a whole number", "burst: 1"),
    ("limits", "{burst: 0}", "limits.burst", "at least 1", "burst: 1"),
    ("limits", "{max_failures: 0}", "limits.max_failures", "no limit", "10%"),
    ("limits", "{max_credits: -5}", "limits.max_credits", "at least 0", "1000"),
    ("limits", "{credits_per_run: much}", "limits.credits_per_run", "not a number", "2"),
    ("limits", "{rte: 1/s}", "limits.rte", "no such key", "did you mean rate?"),
    ("polling", "{first: 5}", "line 5, polling.first", "has no unit", "5s"),
    ("polling", "{first_seconds: 5}", "polling.first_seconds", "no such key", "first"),
    ("polling", "{max: 5m}", "polling.max", "'5m'", "write 5min"),
    ("polling", "{jitter: 2}", "polling.jitter", "at most 1", "0.3"),
    ("polling", "{jitter: .nan}", "polling.jitter", "not a number", "0.3"),
    ("retry", "{failed: -1}", "retry.failed", "at least 0", "failed: 0"),
    ("retry", "{unconfirmed: resend}", "retry.unconfirmed", "'hold'", "reconcile"),
    ("retry", "{settle: soon}", "retry.settle", "soon", "ms, s, min"),
    ("webhook", "{listen: '127.0.0.1:1'}", "webhook.public_url", "missing", "https://example"),
    *(
        (
            "webhook",
            f"{{listen: {listen}, public_url: 'https://me'}}",
            "line 5, webhook.listen",
            "no address with a port",
            "127.0.0.1:8765",
        )
        for listen in ("8765", "here", "'here:1'", "127.0.0.1", "'127.0.0.1:0'", "'1.1.1.1:70000'")
    ),
    *(
        (
            "webhook",
            f"{{listen: '127.0.0.1:8765', public_url: {url}}}",
            "line 5, webhook.public_url",
            wrong,
            remedy,
        )
        for url, wrong, remedy in (
            ("here", "no http address", "https://host"),
            ("'http://example.org'", "carry outputs unprotected", "https"),
            ("'https://example.org/?q=1'", "more than a host and a path", "leave out"),
            ("'http://127.0.0.1:8765'", "can't reach this machine's loopback", "tunnel"),
        )
    ),
    (
        "workflow",
        "{id: abc, base_url: simulator}",
        "line 2, workflow.id",
        "the simulator knows only ids that begin with WCFG-",
        "WCFG-simulator",
    ),
    ("simulator", "{seed: 1}", "line 5, simulator", "simulator only", "base_url: simulator"),
    ("ledger", "postgresql://x", "line 5, ledger", "lacks its host or its database", "database"),
    ("ledger", "postgresql:///x", "line 5, ledger", "lacks its host or its database", "host"),
    ("ledger", "postgresql://me:pw@x/y", "line 5, ledger", "a password stands in", "PGPASSWORD"),
    ("ledger", "postgresql://x/y?password=pw", "line 5, ledger", "a password stands", "pgpass"),
    ("ledger", "postgresql://[x/y", "line 5, ledger", "can't be read", "user@host/database"),
    ("ledger", "postgresql://x:one/y", "line 5, ledger", "can't be read", "user@host/database"),
    ("ledger", "leads.xlsx", "line 5, ledger", "place of the input", "another path"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "text", "place", "wrong", "remedy"), WRONG, ids=[f"{c[0]}: {c[1]}" for c in WRONG]
)
def test_a_fault_says_where_what_and_what_to_do(  # noqa: PLR0913, PLR0917 - a table's columns
    parsed: Callable[..., Draft], section: str, text: str, place: str, wrong: str, remedy: str
) -> None:
    """One mistake is one fault, in one line, which never tells a key."""
    draft = parsed(**{section: text})
    assert draft.config is None
    (fault,) = draft.faults
    assert place in fault.place
    assert fault.place.startswith("leads.yaml, ")
    assert wrong in fault.wrong
    assert remedy in fault.remedy
    assert "SECRET" not in str(fault)
    assert "\n" not in str(fault)
    assert "pydantic" not in str(fault)


def test_a_key_that_was_pasted_twice_is_not_told(parsed: Callable[..., Draft]) -> None:
    """What stands for the variable's name is repeated only where it is such a name."""
    faults = parsed(workflow="{id: A, api_key_env: sk-SECRET, api_key: sk-SECRET}").faults
    assert ["COPY_AI_API_KEY" in fault.remedy for fault in faults] == [True, True]
    assert not any("SECRET" in str(fault) for fault in faults)


def test_pushes_are_not_supported_with_a_ledger_that_is_shared(
    parsed: Callable[..., Draft],
) -> None:
    """The section is named, before anything is started."""
    webhook = "{listen: '127.0.0.1:8765', public_url: 'https://me'}"
    (fault,) = parsed(ledger="postgresql://x/y", webhook=webhook).faults
    assert fault.place.endswith("webhook")
    assert "not supported yet" in fault.wrong


def test_an_output_that_is_a_link_to_the_input_is_a_fault(
    parsed: Callable[..., Draft], tmp_path: Path
) -> None:
    """The input is never written to, by whatever way it is reached."""
    (tmp_path / "leads.xlsx").write_bytes(b"")
    (tmp_path / "out.xlsx").hardlink_to(tmp_path / "leads.xlsx")
    (fault,) = parsed(output="{path: out.xlsx}").faults
    assert "replace the input" in fault.wrong
