"""The README and the settings file say what is true: commands, settings, defaults, columns, exit codes."""

import re
import shlex
import tomllib
from datetime import timedelta
from pathlib import Path

import click
import pytest
from pydantic import SecretStr

from collector.airflow.pool import MAKE
from collector.cli import collector
from collector.cli.frame import DONE, FAILED, STOPPED, TRY_LATER, WRONG_USE
from collector.core.columns import COLUMNS
from collector.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONFIG = (ROOT / "config" / "collector.toml").read_text("utf-8")
FIELDS = Settings.model_fields
DEFAULTS = {name: field.get_default(call_default_factory=True) for name, field in FIELDS.items()}
PLAIN = [name for name, field in FIELDS.items() if SecretStr.__name__ not in str(field.annotation)]


def commands(group=collector, before=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        yield " ".join((*before, name)), command


COMMANDS = dict(commands())


def rows_of_tables():
    return [line for line in README.splitlines() if line.startswith("| ")]


def written(value):
    """Return a default as a person writes it."""
    if isinstance(value, timedelta):
        return f"{value.days}d" if value.days else f"{value.seconds // 60}m"
    return str(value)


def test_every_command_is_in_the_readme():
    rows = "\n".join(row for row in rows_of_tables() if "`collector " in row)
    words = set(re.findall(r"[a-z]+", rows))
    assert {name for name in COMMANDS if not set(name.split()) <= words} == set()


def test_every_command_has_help():
    assert {name for name, command in COMMANDS.items() if not (command.help or "").strip()} == set()
    for name, command in COMMANDS.items():
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (name, option.name)


@pytest.mark.parametrize("group", [collector, collector.commands["accounts"]])
def test_a_list_of_commands_says_what_each_does_in_one_whole_sentence(group):
    lines = group.get_help(click.Context(group, info_name="collector", terminal_width=80)).splitlines()
    listed = lines[lines.index("Commands:") + 1 :]
    assert len(listed) == len(group.commands)
    assert [line for line in listed if not line.endswith(".") and "gaps." not in line] == []
    assert [line for line in listed if line.endswith("...")] == []


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_in_the_readme_with_its_default(name):
    (row,) = [row for row in rows_of_tables() if f"`{PREFIX}{name.upper()}`" in row.partition(" | ")[0]]
    default = row.split("|")[2].strip().strip("`")
    if name == "output":
        assert re.fullmatch("file://….*", default)
        assert DEFAULTS[name].endswith(default.partition("…")[2])
    else:
        assert default == ("" if DEFAULTS[name] is None else written(DEFAULTS[name]))


def test_the_readme_names_no_setting_that_there_is_not():
    named = set(re.findall(r"COLLECTOR_([A-Z_]+[A-Z])", README))
    assert named - {name.upper() for name in FIELDS} == {"CONFIG"}


@pytest.mark.parametrize("name", PLAIN)
def test_the_settings_file_shows_the_default(name):
    (line,) = [line for line in CONFIG.splitlines() if re.match(rf"# {name} = ", line)]
    shown = tomllib.loads(line.removeprefix("# "))
    if DEFAULTS[name] is None:
        assert "default: none" in line
        assert getattr(Settings(**shown), name) is not None
        return
    if name == "output":
        assert "default: collector-data/output" in line
        shown = {name: DEFAULTS[name]}
    assert getattr(Settings(**shown), name) == DEFAULTS[name]


def test_the_settings_file_sets_nothing_and_names_no_other_setting():
    assert tomllib.loads(CONFIG) == {}
    assert set(re.findall(r"^# (\w+) = ", CONFIG, re.MULTILINE)) == set(PLAIN)


def test_the_readme_tells_every_column_in_order():
    table = README[README.index("| `tweet_id`") :]
    named = re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `")))
    assert named == [column.name for column in COLUMNS]


def test_the_readme_tells_every_exit_code():
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == {DONE, FAILED, WRONG_USE, TRY_LATER, STOPPED}


def test_the_commands_that_the_readme_writes_down_exist():
    snippets = re.findall(r"`(collector [^`]+)`", README) + re.findall(r"^ +(collector [^\n#]+)", README, re.MULTILINE)
    assert len(snippets) > 20
    for snippet in snippets:
        assert_exists(snippet.split())


def assert_exists(words):
    command = collector
    words = words[1:]
    while words and isinstance(command, click.Group):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


def test_the_make_targets_that_the_readme_writes_down_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^ +make ([a-z]+)", README, re.MULTILINE)) <= targets
    assert set(re.findall(r"`make ([a-z]+)`", README)) <= targets


def test_the_readme_makes_the_pool_as_the_error_says():
    words = next(shlex.split(line, comments=True) for line in README.splitlines() if "airflow pools set" in line)
    assert words == ["airflow", *MAKE]
