"""Checks: what a doctor looks at with these settings; chooses an examination for every port."""

from collections.abc import Iterator

from collector import wiring
from collector.adapters.disk_space import space_finding
from collector.adapters.local_files import folder_of
from collector.adapters.s3_examination import NAMES as S3
from collector.adapters.s3_examination import S3Examination
from collector.adapters.sql_state import examination as sql
from collector.adapters.x_api import examination as x
from collector.core.errors import ConfigError, LogMissing, StoreRefused, StoreUnavailable
from collector.core.findings import Finding, FindingState, not_checked
from collector.core.ports import ObjectStore, StateStore
from collector.flow import collection_checks, output_checks
from collector.flow.doctor import Check
from collector.settings import Settings


def checks(settings: Settings) -> list[Check]:
    """Return the checks in the order of a batch's way; nothing is opened before it is looked at."""
    names = (*sql.names_of(settings.state_url), *collection_checks.NAMES, "log")
    return [
        Check(names, sql.WHY, lambda: _state(settings)),
        Check(x.NAMES, x.WHY, lambda: _source(settings)),
        *_output(settings),
    ]


def _state(settings: Settings) -> Iterator[Finding]:
    password = wiring.state_password(settings)
    found = list(sql.SqlExamination(settings.state_url, wiring.clock(), password=password).findings())
    yield from found
    # A state that is not there, or not ours, must not be made by looking at it.
    if found[0].state is FindingState.OK:
        state = wiring.open_state(settings)
        yield from collection_checks.collection_findings(
            state=state,
            clock=wiring.clock(),
            worker=wiring.this_worker(),
            budget=wiring.budget(settings),
        )
        yield _log(state, settings)


def _log(state: StateStore, settings: Settings) -> Finding:
    try:
        return collection_checks.log_finding(state=state, objects=_objects(settings))
    except LogMissing:
        raise
    except (ConfigError, StoreRefused, StoreUnavailable):
        return not_checked("log", "see output")


def _source(settings: Settings) -> Iterator[Finding]:
    credentials = wiring.credentials(settings)
    secret = settings.x_bearer_token_secret
    origin = f"read from {secret}" if secret else "set"
    return x.XExamination(credentials, wiring.clock(), settings.x_base_url, settings.settle, origin=origin).findings()


def _output(settings: Settings) -> list[Check]:
    if settings.output.startswith("s3://"):
        place = Check(S3, output_checks.WHY, lambda: S3Examination(settings.output, wiring.clock()).findings())
    else:
        place = Check(("output space",), output_checks.WHY, lambda: _space(settings))
    objects = Check(output_checks.NAMES, output_checks.WHY, lambda: output_checks.output_findings(_objects(settings)))
    return [objects, place]


def _objects(settings: Settings) -> ObjectStore:
    if settings.output.startswith("s3://"):
        return S3Examination(settings.output, wiring.clock()).objects
    return wiring.open_objects(settings)


def _space(settings: Settings) -> Iterator[Finding]:
    yield space_finding("output space", folder_of(settings.output))
