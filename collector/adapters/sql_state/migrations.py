"""Migrations: bring a state's tables to the newest schema, or back, with Alembic."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import exc

from collector.adapters.sql_state.engines import Intent, file_of, make_folder, open_database, place_of, state_url
from collector.adapters.sql_state.logins import log_in_with
from collector.adapters.sql_state.schema import schema_of
from collector.adapters.sql_state.tables import HEAD
from collector.adapters.sql_state.translation import first_line, translated
from collector.core.errors import ConfigError
from collector.core.ports import Secret
from collector.core.secret_text import Login

_WAIT = timedelta(seconds=30)
# Alembic keeps what it works on in a module: two threads would mix their databases up.
_one_at_a_time = Lock()


def upgrade(url: str, password: Secret[Login] | None = None) -> None:
    """Bring a state to the newest schema, making it when there is none. Raises `ConfigError`, `StateUnavailable`."""
    _run(command.upgrade, url, "head", password)


def downgrade(url: str, revision: str) -> None:
    """Take a state back to an older schema; `base` drops every table. Raises `ConfigError`, `StateUnavailable`."""
    _run(command.downgrade, url, revision)


def is_at_head(url: str, password: Secret[Login] | None = None) -> bool:
    """Say whether a state has the schema of this version; a file that does not exist has none, and is not made."""
    found = state_url(url)
    file = file_of(found)
    if file is not None and not file.exists():
        return False
    database = open_database(found, _WAIT, password)
    try:
        with database.transaction(Intent.READ) as connection:
            return schema_of(connection) == HEAD
    finally:
        database.engine.dispose()


def scripts(package: Path) -> Path:
    """Return the folder of the migrations: inside an installed package, beside it in a checkout."""
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _run(change: Callable[[Config, str], None], url: str, revision: str, password: Secret[Login] | None = None) -> None:
    found = state_url(url)
    make_folder(found)
    log_in = None if password is None else partial(log_in_with, password=password)
    config = Config(attributes={"url": found.render_as_string(hide_password=False), "log_in": log_in})
    folder = scripts(Path(__file__).parents[2])
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    try:
        with _one_at_a_time, translated(place_of(found), password_is_kept=password is not None):
            change(config, revision)
    except (exc.OperationalError, exc.ProgrammingError) as cause:
        words = first_line(cause.orig)
        if not words.endswith("already exists"):
            raise
        message = f"state {place_of(found)}: {words}, and is not the collector's"
        raise ConfigError(message, hint="name another database or schema in COLLECTOR_STATE_URL") from cause
    except CommandError as cause:
        message = f"state {place_of(found)}: {cause}"
        raise ConfigError(message, hint="this state may belong to a newer version of collector") from cause
