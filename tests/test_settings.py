"""Settings: what wins over what, and what is never shown."""

import os
from datetime import timedelta

import pytest

from collector.core.errors import ConfigError
from collector.settings import Settings, config_file, read_settings

URL = "postgresql+psycopg://me:hunter%402@host/db"
ASKED_URL = "postgresql+psycopg://me@host/db?connect_timeout=3&password=hunter%402&sslmode=require"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, and no setting in the environment."""
    for name in [name for name in os.environ if name.upper().startswith("COLLECTOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    return tmp_path


def write_config(folder, text):
    (folder / "config" / "collector.toml").write_text(text)


def test_nothing_set_is_a_laptop(folder):
    settings = read_settings()
    assert settings.output == f"file://{folder}/collector-data/output"
    assert settings.state_url == "sqlite:///collector-data/state.db"
    assert settings.settle == timedelta(seconds=60)
    assert settings.initial_lookback == timedelta(days=7)
    assert settings.secrets() == []


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(folder, monkeypatch):
    write_config(folder, 'shards = 3\nconcurrency = 4\ninitial_lookback = "12h"\n')
    monkeypatch.setenv("COLLECTOR_SHARDS", "5")
    settings = read_settings()
    assert (settings.shards, settings.concurrency, settings.initial_lookback) == (5, 4, timedelta(hours=12))
    assert settings.compression == "none"


def test_an_empty_variable_is_no_setting(folder, monkeypatch):
    write_config(folder, "shards = 3")
    monkeypatch.setenv("COLLECTOR_SHARDS", "")
    monkeypatch.setenv("COLLECTOR_CONFIG", "")
    assert read_settings().shards == 3


def test_a_file_may_be_named(folder, monkeypatch):
    (folder / "mine.toml").write_text("shards = 7")
    monkeypatch.setenv("COLLECTOR_CONFIG", "mine.toml")
    assert read_settings().shards == 7
    assert config_file({"COLLECTOR_CONFIG": "mine.toml"}).name == "mine.toml"


# F59
@pytest.mark.usefixtures("folder")
def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("COLLECTOR_X_BEARER_TOKEN", "the-very-token")
    monkeypatch.setenv("COLLECTOR_X_ACCESS_TOKEN_SECRET", "the-very-secret")
    monkeypatch.setenv("COLLECTOR_STATE_URL", URL)
    settings = read_settings()
    assert set(settings.secrets()) == {"the-very-token", "the-very-secret", "hunter%402", "hunter@2"}
    assert "the-very" not in f"{settings!r} {settings}"


# F59
@pytest.mark.usefixtures("folder")
def test_a_password_among_the_options_of_a_url_is_not_shown(monkeypatch):
    monkeypatch.setenv("COLLECTOR_STATE_URL", ASKED_URL)
    assert set(read_settings().secrets()) == {"hunter%402", "hunter@2"}
    monkeypatch.setenv("COLLECTOR_STATE_URL", ASKED_URL.replace("postgresql+psycopg", "postgres"))
    with pytest.raises(ConfigError, match=r"password=[*]{3}&sslmode=require") as caught:
        read_settings()
    assert "hunter" not in str(caught.value)


def test_a_wrong_secret_is_not_repeated(folder):
    write_config(folder, 'x_bearer_token = ["the-very-token"]')
    with pytest.raises(ConfigError, match=r"x_bearer_token in .* is \(hidden\)"):
        read_settings()


@pytest.mark.parametrize("text", ['output = "s3://bucket/prefix"', 'output = "file:///folder"'])
def test_both_forms_of_an_output_are_taken(text, folder):
    write_config(folder, text)
    assert f'"{read_settings().output}"' in text


@pytest.mark.usefixtures("folder")
def test_settings_do_not_change():
    settings = read_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.shards = 4


# F59
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "url", ["https://me:hunter2@api.x.com", "https://api.x.com ", "https://api.x.com?a=b", "https://"]
)
def test_the_address_of_x_holds_no_login_and_no_blank(url, monkeypatch):
    monkeypatch.setenv("COLLECTOR_X_BASE_URL", url)
    with pytest.raises(ConfigError, match=r"COLLECTOR_X_BASE_URL is .*not one of the allowed forms") as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("end", [" ", "\r"])
def test_a_place_does_not_end_with_a_blank(end, monkeypatch):
    for name, place in (
        ("OUTPUT", "s3://bucket/prefix"),
        ("OUTPUT", "file:///folder"),
        ("STATE_URL", "sqlite:///x.db"),
    ):
        monkeypatch.setenv(f"COLLECTOR_{name}", place + end)
        with pytest.raises(ConfigError, match=f"COLLECTOR_{name} is"):
            read_settings()
        monkeypatch.delenv(f"COLLECTOR_{name}")


@pytest.mark.usefixtures("folder")
def test_a_duration_that_is_too_long_is_shown_as_a_duration(monkeypatch):
    monkeypatch.setenv("COLLECTOR_RETRY_DELAY", "2d")
    with pytest.raises(ConfigError, match="COLLECTOR_RETRY_DELAY is '2d 0h': should be less than or equal to 1 day"):
        read_settings()


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:collector/x-AbCdEf"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "place",
    [
        ARN,
        "collector/x-bearer-token",
        "rds!db-1f2e3d4c-aaaa",
        "/collector/x",
        "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/collector/x",
    ],
)
def test_a_secret_is_named_by_arn_or_name(place, monkeypatch):
    monkeypatch.setenv("COLLECTOR_X_BEARER_TOKEN_SECRET", place)
    assert read_settings().x_bearer_token_secret == place


# F59
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "place",
    [
        "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0hush",
        "hush%2Fhush",
        "hush hush",
        "arn:aws:s3:::hush",
        "arn:aws:ssm:eu-central-1:123456789012:document/hush",
    ],
)
@pytest.mark.parametrize("name", ["X_BEARER_TOKEN_SECRET", "STATE_PASSWORD_SECRET"])
def test_what_names_no_secret_may_be_one_and_is_not_shown(name, place, monkeypatch):
    monkeypatch.setenv(f"COLLECTOR_{name}", place)
    with pytest.raises(ConfigError, match=rf"COLLECTOR_{name} is \(hidden\)") as caught:
        read_settings()
    assert "hush" not in f"{caught.value} {caught.value.hint}"
    assert "ARN or name" in caught.value.hint


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"X_BEARER_TOKEN": "t", "X_BEARER_TOKEN_SECRET": "s"}, "are both set"),
        ({"STATE_PASSWORD_SECRET": "s"}, "SQLite file"),
        ({"STATE_PASSWORD_SECRET": "s", "STATE_URL": URL}, "holds a password, too"),
        ({"STATE_PASSWORD_SECRET": "s", "STATE_URL": ASKED_URL}, "holds a password, too"),
    ],
)
def test_a_secret_and_what_it_stands_for_exclude_each_other(settings, words, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(f"COLLECTOR_{name}", value)
    with pytest.raises(ConfigError, match=words) as caught:
        read_settings()
    assert "hunter" not in f"{caught.value}"
    assert caught.value.hint
