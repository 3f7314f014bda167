"""A wrong config, as the person meets it who gave the command: one line, and nothing was done."""

from pathlib import Path

import pytest

from tests.commands.arranging import Arrange, a_batch, config, config_file, rows, said
from tests.commands.conftest import Call, Refused

TWICE = "Company,Company\nAcme,Acme\n"

WRONG = {
    "unknown key": (config(limits="{rte: 5/s}"), "batch.yaml, line 5, limits.rte", "mean rate?"),
    "unknown section": (config(limit="{}"), "batch.yaml, line 5, limit", "did you mean limits?"),
    "bad rate": (config(limits="{rate: 60/m}"), "batch.yaml, line 5, limits.rate", "N/min"),
    "bad duration": (config(polling="{first: 5}"), "batch.yaml, line 5, polling.first", "5s"),
    "bad number": (config(limits="{burst: 0}"), "batch.yaml, line 5, limits.burst", "burst: 1"),
    "key twice": (config(name="a\nname: b"), "batch.yaml, line 5, name", "leave one out"),
    "column missing": (
        config(variables="{Company: Compny}"),
        "batch.yaml, line 3, variables.Company",
        "'Company'",
    ),
    "column of a template missing": (
        config(variables="{A: {template: '{{ row.Compny }}'}}"),
        "batch.yaml, line 3, variables.A",
        "'Company'",
    ),
    "column of where missing": (
        config(input="{path: leads.csv, where: {Ready: 'yes'}}"),
        "batch.yaml, line 1, input.where.Ready",
        "'Company'",
    ),
    "column of key missing": (
        config(input="{path: leads.csv, key: [Nummer]}"),
        "batch.yaml, line 1, input.key",
        "'Nr'",
    ),
    "header twice": (
        rows(TWICE),
        "batch.yaml, line 3, variables.Company",
        "write 'Company (1)' or 'Company (2)'",
    ),
    "two outputs of one name": (
        config(outputs="{Status: a}"),
        "batch.yaml, line 4, outputs.Status",
        "another name",
    ),
    "output over the input": (
        config(output="{path: leads.csv}"),
        "batch.yaml, line 5, output.path",
        "write another path",
    ),
    "output of another kind": (
        config(output="{path: leads.xlsx}"),
        "batch.yaml, line 5, output.path",
        "let it end in .csv",
    ),
    "ledger over the input": (config(ledger="leads.csv"), "line 5, ledger", "another path"),
    "key in the config": (
        config(workflow="{id: WCFG-1, api_key: sk-secret-that-opens-nothing}"),
        "batch.yaml, line 2, workflow.api_key",
        "COPY_AI_API_KEY or into .env",
    ),
    "key for the variable's name": (
        config(workflow="{id: WCFG-1, api_key_env: sk-secret-that-opens-nothing}"),
        "batch.yaml, line 2, workflow.api_key_env",
        "COPY_AI_API_KEY or into .env",
    ),
    "placeholder": (config(workflow="{id: WCFG-…}"), "batch.yaml, line 2, workflow.id", "tab API"),
    "unprotected address": (
        config(workflow="{id: A, base_url: 'http://example.org'}"),
        "batch.yaml, line 2, workflow.base_url",
        "https",
    ),
    "webhook out of reach": (
        config(
            workflow="{id: WCFG-1}",
            webhook="{listen: '127.0.0.1:8765', public_url: 'http://127.0.0.1:8765'}",
        ),
        "line 5, webhook.public_url: the service can't reach this machine's loopback",
        "tunnel",
    ),
    "bad YAML": (config_file(b"input: {\nname: x\n"), "batch.yaml, line ", "indentation"),
    "tab": (config_file(b"input:\n\tpath: x\n"), "batch.yaml, line 2", "spaces, not with tabs"),
    "no keys": (config_file(b"- a\n"), "batch.yaml", "pipeline init SHEET"),
    "empty": (config_file(b""), "batch.yaml: the file is empty", "pipeline init SHEET"),
    "not UTF-8": (config_file(b"name: ok\nname: M\xfcller\n"), "batch.yaml, line 2", "UTF-8"),
    "missing": (said("run", "batch.yml"), "batch.yml: there is no such file", "batch.yaml?"),
    "a folder": (said("run", "."), ": this is a folder", "batch.yaml"),
}


@pytest.mark.parametrize(("arrange", "place", "remedy"), WRONG.values(), ids=WRONG)
def test_a_wrong_config_is_refused_in_one_line(
    refused: Refused, arrange: Arrange, place: str, remedy: str
) -> None:
    """The file, the place in it, the remedy; and nothing else happened."""
    (line,) = refused(arrange)
    assert place in line.removesuffix(remedy)
    assert remedy in line


@pytest.mark.parametrize("verb", ["check", "run", "retry", "export", "status"])
def test_every_command_tells_the_same_fault_of_a_config(
    call: Call, tmp_path: Path, verb: str
) -> None:
    """Whatever is asked of a faulty config, the answer is its fault."""
    a_batch(tmp_path, limits="{rate: fast}")
    ended = call(verb, "batch.yaml")
    assert ended.exit == 2
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert line.startswith("batch.yaml, line 5, limits.rate: ")


def test_all_faults_come_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    """Faults of the config, of its columns, of the sheet's key and of the output: a line each."""
    lines = refused(
        rows(
            "Company,Nr\nAcme,1\nInitech,1\nGlobex,\n",
            input="{path: leads.csv, key: [Nr]}",
            variables="{Company: Company, Site: Website}",
            limits="{rate: fast, bust: 1}",
            polling="{first: 5}",
        )
    )
    places = [line.split(": ")[0] for line in lines]
    assert places == [
        "batch.yaml, line 5, limits.rate",
        "batch.yaml, line 5, limits.bust",
        "batch.yaml, line 6, polling.first",
        "batch.yaml, line 3, variables.Site",
        "leads.csv!B3",
        "leads.csv!B4",
    ]
