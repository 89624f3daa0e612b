"""Tables: the state's schema as the newest migration leaves it, readable with plain `select`."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from collector.adapters.sql_state.utc_time import UtcTime

HEAD = "0003"
"""The migration that leaves these tables."""

VERSION_TABLE = "collector_alembic_version"

REWRITTEN = 50
"""How full Postgres packs pages whose every row changes with every batch: room for the new version beside the old."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)

_ID = BigInteger().with_variant(Integer(), "sqlite")

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", _ID, primary_key=True, autoincrement=False),
    Column("username", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_at", UtcTime, nullable=False),
    Column("baseline", _ID, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("username_at", UtcTime, nullable=False),
    CheckConstraint("status IN ('active', 'protected', 'suspended', 'not_found', 'paused')", "status"),
    Index("ix_accounts_shard", "shard"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("account_id", _ID, ForeignKey("accounts.account_id"), primary_key=True, autoincrement=False),
    Column("username", Text, nullable=False),
    Column("since_id", _ID, nullable=False),
    Column("since_at", UtcTime, nullable=False),
    Column("batch_id", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    postgresql_with={"fillfactor": REWRITTEN},
)

coverage = Table(
    "coverage",
    metadata,
    Column("account_id", _ID, ForeignKey("accounts.account_id"), primary_key=True, autoincrement=False),
    Column("after_id", _ID, primary_key=True, autoincrement=False),
    Column("through_id", _ID, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("tweets", _ID, nullable=False),
    CheckConstraint("after_id < through_id", "ids"),
    CheckConstraint("evidence IN ('proven', 'unproven', 'lost')", "evidence"),
    CheckConstraint("tweets >= 0", "tweets"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": REWRITTEN},
)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("window_start", UtcTime, nullable=False),
    Column("window_end", UtcTime, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("plan_id", Text, nullable=False),
    Column("through_id", _ID, nullable=False),
    Column("status", Text, nullable=False),
    Column("seal", _ID),
    Column("requests", _ID, nullable=False),
    Column("tweets_read", _ID, nullable=False),
    Column("rows", _ID, nullable=False),
    Column("objects", _ID, nullable=False),
    Column("accounts", _ID, nullable=False),
    Column("failures", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("committed_at", UtcTime),
    CheckConstraint("kind IN ('live', 'backfill', 'audit')", "kind"),
    CheckConstraint("status IN ('planned', 'sealed', 'committed')", "status"),
    CheckConstraint("number >= 1", "number"),
    CheckConstraint("seal >= 1", "seal"),
    UniqueConstraint("window_start", "window_end", "shard", "number", name="uq_batches_window"),
    UniqueConstraint("plan_id", name="uq_batches_plan_id"),
    Index("ix_batches_kind", "kind", "through_id"),
    Index(
        "uq_batches_open",
        "window_start",
        "window_end",
        "shard",
        unique=True,
        sqlite_where=text("status <> 'committed'"),
        postgresql_where=text("status <> 'committed'"),
    ),
)

spans = Table(
    "spans",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("account_id", _ID, nullable=False),
    Column("after_id", _ID, nullable=False),
    Column("through_id", _ID, nullable=False),
    CheckConstraint("after_id < through_id", "ids"),
    sqlite_with_rowid=False,
)

seal_log = Table(
    "seal_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_seal", _ID, nullable=False),
    Column("noted_at", UtcTime),
    CheckConstraint("id = 1", "one_row"),
    CheckConstraint("last_seal >= 0", "last_seal"),
)

rate_windows = Table(
    "rate_windows",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("credential", Text, primary_key=True),
    Column("limit", _ID, nullable=False),
    Column("remaining", _ID, nullable=False),
    Column("reset_at", UtcTime, nullable=False),
)

spend = Table(
    "spend",
    metadata,
    Column("day", Date, primary_key=True),
    Column("tweets_reserved", _ID, nullable=False),
    Column("tweets_settled", _ID, nullable=False),
    Column("users_reserved", _ID, nullable=False),
    Column("users_settled", _ID, nullable=False),
    CheckConstraint("tweets_reserved >= 0 AND tweets_settled >= 0", "tweets"),
    CheckConstraint("users_reserved >= 0 AND users_settled >= 0", "users"),
)

leases = Table(
    "leases",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("worker", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
