"""Wiring: chooses an implementation for every port, from the settings."""
# ruff: noqa: PLC0415  a view of the state waits for no pandas, boto3 or tweepy

from typing import TYPE_CHECKING

from collector.adapters.system_clock import SystemClock
from collector.adapters.system_worker import SystemWorker
from collector.core.columns import CSV_VERSION
from collector.core.documents import Recipe
from collector.core.errors import ConfigError
from collector.core.money import Budget
from collector.core.ports import Clock, ObjectStore, Secret, Source, StateStore, Worker
from collector.core.secret_text import Login, bearer_token_of, login_of
from collector.flow.policy import Policy, Press
from collector.logs import LATE
from collector.settings import Settings

if TYPE_CHECKING:
    from collector.adapters.x_api import XCredentials
    from collector.flow.collect import Ports
    from collector.flow.follow import Following

WRITERS = 8
"""Objects put at the same time: a put on S3 is mostly waiting."""


def open_state(settings: Settings) -> StateStore:
    """Return the state store. Raises `ConfigError` for a database that cannot be used."""
    from collector.adapters.sql_state import SqlState

    return SqlState(settings.state_url, SystemClock(), password=state_password(settings))


def open_existing_state(settings: Settings) -> StateStore:
    """Return the state store, for who must not make one. Raises `ConfigError` when there is none of this version."""
    from collector.adapters.sql_state.migrations import is_at_head

    if not is_at_head(settings.state_url, state_password(settings)):
        message = "COLLECTOR_STATE_URL names no state of this version of the collector"
        raise ConfigError(message, hint="correct it, or make or upgrade the state: collector migrate")
    return open_state(settings)


def open_objects(settings: Settings) -> ObjectStore:
    """Return the object store of the output setting."""
    if settings.output.startswith("s3://"):
        from collector.adapters.s3 import S3Objects

        return S3Objects.from_url(settings.output)
    from collector.adapters.local_files import FolderObjects

    return FolderObjects.from_url(settings.output)


def open_source(settings: Settings) -> Source:
    """Return X. Raises `ConfigError` without credentials, and as `credentials` does."""
    from collector.adapters.x_api import XApi

    kept = kept_credentials(settings)
    kept.current()
    return XApi(
        kept,
        clock=SystemClock(),
        base_url=settings.x_base_url,
        vocabulary=settings.x_vocabulary,
        concurrency=settings.concurrency,
    )


def credentials(settings: Settings) -> "XCredentials":
    """Return the bearer token, or the four keys when there is none, now; a secret that holds the token is read.

    Raises `ConfigError` when neither is complete, and for a secret that cannot be read `SecretRefused`, or
    `SecretUnavailable` where trying again later is right.
    """
    return kept_credentials(settings).current()


def kept_credentials(settings: Settings) -> "Secret[XCredentials]":
    """Return what X lets us in with, from one rotation to the next. Raises `ConfigError` when it is not complete."""
    if settings.x_bearer_token_secret is None:
        return _given_credentials(settings)
    from collector.adapters.aws_secrets import AwsSecret
    from collector.adapters.kept_secret import KeptSecret
    from collector.adapters.x_api import XCredentials

    secret = AwsSecret(settings.x_bearer_token_secret)

    def read() -> XCredentials:
        token = bearer_token_of(secret.read(), str(secret.errand))
        LATE.add(token)
        return XCredentials(bearer_token=token)

    return KeptSecret(read, SystemClock())


def state_password(settings: Settings) -> Secret[Login] | None:
    """Return the login to the state that AWS keeps, if it keeps one; it is read at the first connection."""
    if settings.state_password_secret is None:
        return None
    from collector.adapters.aws_secrets import AwsSecret
    from collector.adapters.kept_secret import KeptSecret

    secret = AwsSecret(settings.state_password_secret)

    def read() -> Login:
        login = login_of(secret.read(), str(secret.errand))
        LATE.add(login.password)
        return login

    return KeptSecret(read, SystemClock())


def _given_credentials(settings: Settings) -> "XCredentials":
    from collector.adapters.x_api import XCredentials

    if settings.x_bearer_token is not None:
        return XCredentials(bearer_token=settings.x_bearer_token.get_secret_value())
    keys = {
        "consumer_key": settings.x_consumer_key,
        "consumer_secret": settings.x_consumer_secret,
        "access_token": settings.x_access_token,
        "access_token_secret": settings.x_access_token_secret,
    }
    missing = [f"COLLECTOR_X_{name.upper()}" for name, value in keys.items() if value is None]
    if len(missing) == len(keys):
        message = "no X credentials: COLLECTOR_X_BEARER_TOKEN is not set"
        raise ConfigError(message, hint="export COLLECTOR_X_BEARER_TOKEN=... ; or try it without: collector demo")
    if missing:
        message = f"of the four keys of OAuth 1.0a, {', '.join(missing)} is not set"
        raise ConfigError(message, hint="set all four, or COLLECTOR_X_BEARER_TOKEN alone")
    return XCredentials(**{name: value.get_secret_value() for name, value in keys.items() if value is not None})


def press() -> Press:
    """Return what publish needs beside objects."""
    from collector.adapters.isal_gzip import IsalGzip
    from collector.adapters.scratch_file import ScratchFile
    from collector.adapters.x_posts import XPosts

    return Press(decoder=XPosts(), compression=IsalGzip(), scratch=ScratchFile, writers=WRITERS)


def policy(settings: Settings) -> Policy:
    """Return how a run plans, fetches and writes."""
    recipe = Recipe(csv_version=CSV_VERSION, compression=settings.compression, newlines=settings.csv_newlines)
    return Policy(settle=settings.settle, concurrency=settings.concurrency, recipe=recipe, budget=budget(settings))


def budget(settings: Settings) -> Budget:
    """Return what a day and a month may take."""
    return Budget(settings.max_tweets_per_day, settings.max_usd_per_month)


def following(settings: Settings) -> "Following":
    """Return how new accounts are followed."""
    from collector.flow.follow import Following

    return Following(settings.initial_lookback, settings.shards)


def open_ports(settings: Settings, *, objects: ObjectStore | None = None, worker: Worker | None = None) -> "Ports":
    """Return all that a run of the four steps may touch: the objects of the output setting, as this process is.

    Another way to the objects, or another worker, may be given.
    """
    from collector.flow.collect import Ports

    return Ports(
        state=open_state(settings),
        source=open_source(settings),
        objects=objects or open_objects(settings),
        press=press(),
        clock=SystemClock(),
        policy=policy(settings),
        worker=worker or this_worker(),
    )


def this_worker() -> Worker:
    """Return the worker that this process is."""
    return SystemWorker()


def clock() -> Clock:
    """Return the machine's clock."""
    return SystemClock()


def migrate(settings: Settings) -> None:
    """Bring the state database to the newest schema."""
    from collector.adapters.sql_state.migrations import upgrade

    upgrade(settings.state_url, state_password(settings))
