"""Output checks: may we list, create and read in the output, and does it refuse to create an object twice?

Everything is asked by the port of the store. One object is written, `PROBE`, which every fetch writes or finds too.
"""

from collections.abc import Iterator, Mapping

from collector.core.errors import CollectorError, CreateOnlyMissing, ObjectExists, ObjectMissing, RightMissing
from collector.core.findings import Finding, FindingState, failed, fine, not_checked, words_of, wrong
from collector.core.ports import ObjectStore
from collector.flow.store import PROBE, PROOF

RAW = "raw/"
PUBLISHED = ("seals/", "tweets/", "manifests/")
OTHER = b'{"probe": "these bytes were written over others"}\n'

NAMES = ("output", "output list", "output put", "output get", "create-only")
WHY = "raw pages, seals, CSV objects and manifests are kept there: nothing is collected without it"
_WHY_LIST = "a batch lists its raw parts before it is sealed, and S3 tells a missing seal by a list alone"
_WHY_PUT = "what X was paid for lands there: without it a batch fails after it has asked X"
_WHY_GET = "publish reads the landed pages, and every run reads the newest seal"
_WHY_ONCE = "of two workers on one batch the second would overwrite the first's seal and CSV: rows are lost or doubled"
_OTHER_STORE = "choose a store that honours If-None-Match on PUT, as Amazon S3 does, and set COLLECTOR_OUTPUT to it"
_NO_DELETE = "no right to delete is needed, and none was tried"

Errors = Mapping[str, CollectorError | None]


def output_findings(objects: ObjectStore) -> Iterator[Finding]:
    """Yield the findings of `NAMES`. Raises what the store raises when it cannot be used at all."""
    listed = {folder: _first_key(folder, objects) for folder in (RAW, *PUBLISHED)}
    yield fine("output", f"{objects.location} answers")
    yield _joined("output list", "can be listed", _errors(listed), why=_WHY_LIST)
    put = _created(PROBE, PROOF, objects)
    once = _create_only(put, objects)
    keys = {folder: key for folder, key in listed.items() if folder in PUBLISHED and isinstance(key, str)}
    bodies = {folder: _read(key, objects) for folder, key in keys.items()}
    # Where a second create is refused for certain, one of an object that stands tells the right and writes nothing.
    again = {RAW: put} | (_created_again(keys, bodies, objects) if once.state is FindingState.OK else {})
    yield _put_finding(again)
    yield _joined("output get", "can be read", _errors({RAW: _read(PROBE, objects)} | bodies), why=_WHY_GET)
    yield once


def _first_key(folder: str, objects: ObjectStore) -> str | RightMissing | None:
    try:
        return next(iter(objects.keys(folder)), None)
    except RightMissing as error:
        return error


def _created(key: str, body: bytes, objects: ObjectStore) -> CollectorError | None:
    """Create an object, or find that it stands already: None in both cases, for both need the right."""
    try:
        objects.create(key, body)
    except ObjectExists:
        return None
    except CollectorError as error:
        return error
    return None


def _read(key: str, objects: ObjectStore) -> bytes | CollectorError:
    try:
        return objects.read(key)
    except CollectorError as error:
        return error


def _created_again(
    keys: Mapping[str, str], bodies: Mapping[str, bytes | CollectorError], objects: ObjectStore
) -> dict[str, CollectorError | None]:
    # Its own bytes, so that even a store that changes its mind meanwhile has nothing to spoil.
    readable = {folder: body for folder, body in bodies.items() if isinstance(body, bytes)}
    return {folder: _created(keys[folder], body, objects) for folder, body in readable.items()}


def _create_only(put: CollectorError | None, objects: ObjectStore) -> Finding:
    """Create the probe once more, with other bytes: that must be refused, and what stood before must stand."""
    if isinstance(put, CreateOnlyMissing):
        return wrong(
            "create-only", f"the store cannot create only what is absent: {put}", why=_WHY_ONCE, command=put.hint
        )
    if put is not None:
        return not_checked("create-only", "nothing could be created: see output put", why=_WHY_ONCE)
    before = _read(PROBE, objects)
    try:
        objects.create(PROBE, OTHER if before == PROOF else PROOF)
    except ObjectExists:
        after = _read(PROBE, objects)
    except CollectorError as error:
        return failed("create-only", error, why=_WHY_ONCE)
    else:
        return _ignored("the store ignores If-None-Match: it took a second object of the same key")
    if before != after and isinstance(after, bytes):
        return _ignored("the store says that it refused a second object of the same key, and wrote it all the same")
    stand = ", and the first bytes stand" if isinstance(after, bytes) else ""
    return fine("create-only", f"a second object of the same key was refused{stand}")


def _ignored(what: str) -> Finding:
    return wrong("create-only", what, why=_WHY_ONCE, command=_OTHER_STORE)


def _put_finding(tried: Errors) -> Finding:
    if isinstance(tried[RAW], CreateOnlyMissing):
        return not_checked("output put", "nothing could be created: see create-only", why=_WHY_PUT)
    found = _joined("output put", "can be created in", tried, why=_WHY_PUT)
    if found.state is not FindingState.OK:
        return found
    rest = ", ".join(folder for folder in PUBLISHED if folder not in tried)
    untried = f"; nothing that stands in {rest} tells of the right there" if rest else ""
    return fine("output put", f"{found.what}{untried}; {_NO_DELETE}")


def _errors(answers: Mapping[str, object]) -> dict[str, CollectorError | None]:
    return {folder: answer if isinstance(answer, CollectorError) else None for folder, answer in answers.items()}


def _joined(name: str, verb: str, tried: Errors, *, why: str) -> Finding:
    known = {folder: error for folder, error in tried.items() if not isinstance(error, ObjectMissing)}
    refused = [error for error in known.values() if error is not None]
    if refused:
        commands = dict.fromkeys(error.hint for error in refused)
        return wrong(name, words_of(*refused), why=why, command=" ; ".join(commands))
    if not known:
        return not_checked(name, "there is no object to try it on yet", why=why)
    return fine(name, f"{', '.join(known)} {verb}")
