"""Settings: `config/collector.toml`, overridden by `COLLECTOR_*` in the environment."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from collector.core.errors import ConfigError
from collector.core.times import duration_text, parse_duration

PREFIX = "COLLECTOR_"
CONFIG_FILE = Path("config/collector.toml")
DATA_FOLDER = Path("collector-data")

_PASSWORD = re.compile(r"(?<=://)([^/@:]*:)(.+)(?=@)")
_ASKED_PASSWORD = re.compile(r"([?&](?:ssl)?password=)([^&]+)")
_ELSEWHERE = {"CONFIG"}  # read before the settings are
_IN_AWS = r"^(arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:|ssm:[a-z0-9-]+:\d{12}:parameter/))?[\w/+=.@!-]+$"
_X_TOKEN = "AAAAAAAAAAAAAAAAAAAA"  # noqa: S105  how X begins each


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(str(value))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _no_token(value: object) -> object:
    if str(value).startswith(_X_TOKEN):
        message = "a token, and should name the secret that holds it"
        raise ValueError(message)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
SecretPlace = Annotated[str, StringConstraints(pattern=_IN_AWS), BeforeValidator(_no_token)]
"""The ARN or name of a secret; not shown when it is wrong, for it may be the secret itself."""


class Settings(BaseSettings):
    """Everything a person can choose. Secrets are never printed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    x_bearer_token: SecretStr | None = Field(None, description="the app's bearer token, for the X API")
    x_bearer_token_secret: SecretPlace | None = Field(
        None,
        description="where AWS keeps the bearer token: ARN or name in Secrets Manager, ARN or /name in Parameter Store",
    )
    x_consumer_key: SecretStr | None = Field(None, description="or the four keys of OAuth 1.0a: API key ...")
    x_consumer_secret: SecretStr | None = Field(None, description="... its secret ...")
    x_access_token: SecretStr | None = Field(None, description="... access token ...")
    x_access_token_secret: SecretStr | None = Field(None, description="... and its secret")
    x_base_url: str = Field(
        "https://api.x.com",
        pattern=r"^https?://[^\s@?#]+$",
        description="where the X API answers, as https://api.x.com",
    )
    x_vocabulary: Literal["tweet", "post"] = Field("tweet", description="the field names to ask X for: tweet or post")
    output: str = Field(
        default_factory=lambda: f"file://{DATA_FOLDER.resolve()}/output",
        pattern=r"^(s3://|file:///).*\S$",
        description="where objects go: s3://bucket/prefix or file:///folder",
    )
    state_url: str = Field(
        f"sqlite:///{DATA_FOLDER}/state.db",
        pattern=r"^(sqlite:///|postgresql(\+psycopg)?://).*\S$",
        description="the state database: sqlite:///FILE or postgresql+psycopg://...",
    )
    state_password_secret: SecretPlace | None = Field(
        None,
        description="where AWS keeps the password to a Postgres state: ARN or name, as of the bearer token",
    )
    settle_seconds: float = Field(
        60, ge=0, le=3600, description="how old an id must be before it is claimed, 0 to 3600 seconds"
    )
    initial_lookback: Duration = Field(
        timedelta(days=7),
        ge=timedelta(0),
        le=timedelta(days=20 * 365),
        description="how far back the first batch of a new account reaches: 12h, 7d",
    )
    username_check: Duration = Field(
        timedelta(days=30),
        ge=timedelta(0),
        le=timedelta(days=20 * 365),
        description="how often a username is read again ($0.010 each), as 30d; 0s: never",
    )
    max_tweets_per_day: int | None = Field(
        None, gt=0, description="the most tweets that a UTC day may read; none: no limit"
    )
    max_usd_per_month: Decimal | None = Field(
        None, gt=0, description="the most dollars that a UTC month may cost, as 250 or 49.50; none: no limit"
    )
    concurrency: int = Field(8, ge=1, le=256, description="accounts fetched at the same time, 1 to 256")
    shards: int = Field(1, ge=1, le=100, description="over how many batches a window's accounts are spread, 1 to 100")
    compression: Literal["none", "gzip"] = Field("none", description="the compression of CSV objects: none or gzip")
    csv_newlines: Literal["escape", "keep"] = Field(
        "escape", description="how line breaks in tweets are written: escape (one line a record) or keep"
    )

    name: str = Field(
        "collector",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="what tells this collection from others in CloudWatch: letters, digits, . _ -",
    )
    schedule: str = Field(
        "*/15 * * * *", min_length=1, description="when Airflow collects: the windows, as cron in UTC"
    )
    retries: int = Field(3, ge=0, le=100, description="how often Airflow tries a failed step again, 0 to 100")
    retry_delay: Duration = Field(
        timedelta(minutes=1),
        ge=timedelta(0),
        le=timedelta(days=1),
        description="how long Airflow waits before the first of these tries, as 1m; each wait doubles",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments over the environment, and the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def settle(self) -> timedelta:
        """Return how old an id must be before it is claimed, 0 to 3600 seconds."""
        return timedelta(seconds=self.settle_seconds)

    def secrets(self) -> list[str]:
        """Return the texts that no log line may hold."""
        secret = [value.get_secret_value() for value in self.__dict__.values() if isinstance(value, SecretStr)]
        passwords = _passwords(self.state_url)
        return [text for text in (*secret, *passwords, *map(unquote, passwords)) if text]


def config_file(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the settings file: `COLLECTOR_CONFIG`, or config/collector.toml below the working folder if it exists.

    Raises `ConfigError` when `COLLECTOR_CONFIG` names a file that is not there.
    """
    named = (os.environ if environment is None else environment).get(f"{PREFIX}CONFIG")
    if not named:
        return CONFIG_FILE if CONFIG_FILE.is_file() else None
    if not Path(named).is_file():
        message = f"{PREFIX}CONFIG is {named!r}, and there is no such file"
        raise ConfigError(message, hint="name an existing TOML file, or unset it")
    return Path(named)


def read_settings(**given: object) -> Settings:
    """Return the settings; what is given comes before environment and file.

    Raises `ConfigError` naming the setting, the value and what is allowed.
    """
    _refuse_unknown(os.environ)
    try:
        found = Settings(**given)  # type: ignore[arg-type]  # pydantic looks at them
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{config_file()} is not TOML: {error}"
        raise ConfigError(message, hint="see config/collector.toml in the project") from error
    except ValidationError as error:
        raise _as_config_error(error) from error
    _refuse_two_places(found)
    return found


def _refuse_two_places(found: Settings) -> None:
    if found.x_bearer_token is not None and found.x_bearer_token_secret is not None:
        message = f"{PREFIX}X_BEARER_TOKEN and {PREFIX}X_BEARER_TOKEN_SECRET are both set"
        raise ConfigError(message, hint="unset one: the token itself, or the name of the secret that holds it")
    if found.state_password_secret is None:
        return
    if found.state_url.startswith("sqlite"):
        message = f"{PREFIX}STATE_PASSWORD_SECRET is set, but the state is a SQLite file, which has no password"
        raise ConfigError(
            message, hint=f"set {PREFIX}STATE_URL to postgresql+psycopg://user@host/database, or unset it"
        )
    if _passwords(found.state_url):
        message = f"{PREFIX}STATE_PASSWORD_SECRET is set, and {PREFIX}STATE_URL holds a password, too"
        raise ConfigError(message, hint="keep one of the two")


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {name.upper() for name in Settings.model_fields} | _ELSEWHERE
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if variable == name or name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else f"unset {variable}"
        message = f"{variable} is no setting of the collector"
        raise ConfigError(message, hint=hint)


def _as_config_error(error: ValidationError) -> ConfigError:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    field = Settings.model_fields.get(name)
    if field is None:
        close = difflib.get_close_matches(name.lower().removeprefix(PREFIX.lower()), Settings.model_fields, n=1)
        hint = f"did you mean {close[0]}?" if close else "remove it"
        return ConfigError(f"{name!r} in {config_file()} is no setting of the collector", hint=hint)
    is_hidden = "SecretStr" in str(field.annotation) or name.endswith("_secret")
    value = "(hidden)" if is_hidden else repr(_shown(first["input"]))
    return ConfigError(f"{_place_of(name)} is {value}: {_rule(first)}", hint=f"it is {field.description}")


def _place_of(name: str) -> str:
    variable = f"{PREFIX}{name.upper()}"
    return f"setting {variable}" if os.environ.get(variable) else f"setting {name} in {config_file()}"


def _rule(broken: ErrorDetails) -> str:
    if broken["type"] == "string_pattern_mismatch":
        return "not one of the allowed forms"
    return broken["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _passwords(url: str) -> list[str]:
    return [found[2] for form in (_PASSWORD, _ASKED_PASSWORD) for found in form.finditer(url)]


def _shown(value: object) -> object:
    if isinstance(value, timedelta):
        return duration_text(value)
    if not isinstance(value, str):
        return value
    return _ASKED_PASSWORD.sub(r"\1***", _PASSWORD.sub(r"\1***", value))
