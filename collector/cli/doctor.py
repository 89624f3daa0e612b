"""`collector doctor`: what is wrong, why it matters, and what mends it."""

from collections import Counter
from typing import TYPE_CHECKING

import click

from collector.cli.frame import FAILED, json_option, print_json, settings
from collector.core.errors import ConfigError
from collector.core.findings import Diagnosis, Finding, FindingState, failed, fine
from collector.settings import Settings, config_file

if TYPE_CHECKING:
    from collector.flow.doctor import Check

_WHY_SETTINGS = "no command starts with settings that cannot be read; the rest cannot be looked at either"
_COLORS = {FindingState.OK: "green", FindingState.WARNING: "yellow", FindingState.WRONG: "red"}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Look for what is wrong, and say what mends it.

    Settings, state, clocks, X, the rights to the output, whether it is that of the state and refuses to create an
    object twice, accounts, and Airflow's pool. Reads no tweet and deletes nothing; one small object is created,
    raw/probe.json, and used again. Exit 1 when anything is wrong; warnings are no fault.
    """
    diagnosis = _diagnosis()
    if as_json:
        print_json(diagnosis_json(diagnosis))
    else:
        _print(diagnosis)
    raise click.exceptions.Exit(0 if diagnosis.is_ok else FAILED)


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return a diagnosis as JSON members."""
    findings = [
        {"name": one.name, "state": str(one.state), "what": one.what, "why": one.why, "command": one.command}
        for one in diagnosis.findings
    ]
    return {"ok": diagnosis.is_ok, "findings": findings}


def _diagnosis() -> Diagnosis:
    try:
        found = settings("error")
    except ConfigError as error:
        return Diagnosis([failed("settings", error, why=_WHY_SETTINGS)])
    from collector.flow.doctor import diagnose  # noqa: PLC0415  help must not wait for pandas

    told = diagnose(_checks(found)).findings
    return Diagnosis([fine("settings", f"read from the environment and {config_file() or 'no file'}"), *told])


def _checks(found: Settings) -> "list[Check]":
    from collector.airflow import pool  # noqa: PLC0415
    from collector.checks import checks  # noqa: PLC0415
    from collector.flow.doctor import Check  # noqa: PLC0415

    return [*checks(found), Check((pool.NAME,), pool.WHY, pool.pool_findings)]


def _print(diagnosis: Diagnosis) -> None:
    width = max(len(finding.name) for finding in diagnosis.findings)
    for finding in diagnosis.findings:
        _print_finding(finding, width)
    counts = Counter(finding.state for finding in diagnosis.findings)
    click.echo(", ".join(f"{counts[state]} {state}" for state in FindingState if counts[state]))


def _print_finding(finding: Finding, width: int) -> None:
    state = click.style(f"{finding.state:<11}", fg=_COLORS.get(finding.state))
    click.echo(f"{state}  {finding.name:<{width}}  {finding.what}")
    if finding.state in {FindingState.WARNING, FindingState.WRONG}:
        for label, text in (("why", finding.why), ("do", finding.command)):
            click.echo(f"{'':<{13 + width}}  {label:<3}  {text}")
