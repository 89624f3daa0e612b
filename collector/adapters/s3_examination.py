"""S3Examination: where a bucket is, who we are there, and what S3's clock says."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from collector.adapters.s3 import S3Objects, S3Patience, open_client, open_session
from collector.core.errors import CollectorError
from collector.core.findings import Finding, Tolerance, clock_finding, fine, not_checked, warning
from collector.core.ports import Clock

NAMES = ("output region", "output clock")
HASTE = S3Patience(timedelta(seconds=3), timedelta(seconds=5), attempts=2, first_wait=timedelta(milliseconds=100))
_FEW_KEYS = 20
_WHY_REGION = "every process is sent on from one region to the other first, and where that is not allowed it fails"
_WHY_CLOCK = "Amazon S3 refuses every request of a clock that is 15 minutes off (RequestTimeTooSkewed)"
TOLERANCE = Tolerance(warn=timedelta(seconds=5), wrong=timedelta(minutes=5), why=_WHY_CLOCK)


class S3Examination:
    """A look at the bucket of an `s3://bucket/prefix` URL, on boto3's own settings; `objects` is the store there."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Raise `ConfigError` for another URL, or for settings of boto3 that do not fit together."""
        self._session = open_session()
        self._client = open_client(session=self._session, patience=HASTE)
        self._client.meta.events.register("response-received.s3", self._note)
        self._clock = clock
        self._headers: Mapping[str, str] = {}
        self._came_at = clock.now()
        self.objects = S3Objects.from_url(url, client=self._client, patience=HASTE, page_size=_FEW_KEYS)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of `NAMES`; a refusal tells as much as an answer does."""
        reason = "S3 gave no answer: see output"
        try:
            next(iter(self.objects.keys("raw/")), None)
        except CollectorError as error:
            reason = f"S3 gave no answer: {error}"
        yield self._region() if self._headers else not_checked("output region", reason)
        yield self._skew(reason)

    def _note(self, response_dict: Mapping[str, Any] | None = None, **_: object) -> None:
        if response_dict is not None:
            self._came_at = self._clock.now()
            self._headers = {name.lower(): value for name, value in response_dict["headers"].items()}

    def _region(self) -> Finding:
        ours, theirs = self._client.meta.region_name, self._headers.get("x-amz-bucket-region")
        found = self._session.get_credentials()
        who = f"credentials from {found.method}" if found else "no credentials"
        if theirs is None or theirs == ours:
            return fine("output region", f"{ours or theirs or 'no region is set'}, {who}")
        what = f"the bucket is in {theirs}, the AWS settings say {ours}; {who}"
        return warning("output region", what, why=_WHY_REGION, command=f"export AWS_DEFAULT_REGION={theirs}")

    def _skew(self, reason: str) -> Finding:
        try:
            theirs = parsedate_to_datetime(self._headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return not_checked("output clock", "S3's answer has no date" if self._headers else reason, why=_WHY_CLOCK)
        return clock_finding("output clock", "S3", self._distance(theirs), TOLERANCE)

    def _distance(self, theirs: datetime) -> timedelta:
        # The header is cut to whole seconds.
        return self._came_at - theirs - timedelta(milliseconds=500)
