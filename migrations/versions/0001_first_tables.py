"""First tables: accounts, cursors, coverage, batches, spans, the log of seals and rate windows."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
NOT_COMMITTED = sa.text("status <> 'committed'")


def upgrade() -> None:
    create_accounts()
    create_cursors()
    create_coverage()
    create_batches()
    create_spans()
    create_seal_log()
    create_rate_windows()


def downgrade() -> None:
    for name in ("rate_windows", "seal_log", "spans", "batches", "coverage", "cursors", "accounts"):
        op.drop_table(name)


def required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def create_accounts() -> None:
    op.create_table(
        "accounts",
        key("account_id", ID),
        required("username", sa.Text()),
        required("status", sa.Text()),
        required("status_at", TIME),
        required("baseline", ID),
        required("shard", sa.Integer()),
        required("username_at", TIME),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.CheckConstraint(
            "status IN ('active', 'protected', 'suspended', 'not_found', 'paused')",
            name=op.f("ck_accounts_status"),
        ),
    )
    op.create_index(op.f("ix_accounts_shard"), "accounts", ["shard"])


def create_cursors() -> None:
    op.create_table(
        "cursors",
        key("account_id", ID),
        required("username", sa.Text()),
        required("since_id", ID),
        required("since_at", TIME),
        required("batch_id", sa.Text()),
        required("updated_at", TIME),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_cursors")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_cursors_account_id")),
        postgresql_with={"fillfactor": 50},
    )


def create_coverage() -> None:
    op.create_table(
        "coverage",
        key("account_id", ID),
        key("after_id", ID),
        required("through_id", ID),
        required("evidence", sa.Text()),
        required("tweets", ID),
        sa.PrimaryKeyConstraint("account_id", "after_id", name=op.f("pk_coverage")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_coverage_account_id")),
        sa.CheckConstraint("after_id < through_id", name=op.f("ck_coverage_ids")),
        sa.CheckConstraint("evidence IN ('proven', 'unproven', 'lost')", name=op.f("ck_coverage_evidence")),
        sa.CheckConstraint("tweets >= 0", name=op.f("ck_coverage_tweets")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 50},
    )


def create_batches() -> None:
    op.create_table(
        "batches",
        required("batch_id", sa.Text()),
        required("kind", sa.Text()),
        required("window_start", TIME),
        required("window_end", TIME),
        required("shard", sa.Integer()),
        required("number", sa.Integer()),
        required("plan_id", sa.Text()),
        required("through_id", ID),
        required("status", sa.Text()),
        sa.Column("seal", ID),
        *(required(name, ID) for name in ("requests", "tweets_read", "rows", "objects", "accounts")),
        required("failures", sa.Text()),
        required("created_at", TIME),
        sa.Column("committed_at", TIME),
        *batch_constraints(),
    )
    op.create_index(op.f("ix_batches_kind"), "batches", ["kind", "through_id"])
    op.create_index(
        op.f("uq_batches_open"),
        "batches",
        ["window_start", "window_end", "shard"],
        unique=True,
        sqlite_where=NOT_COMMITTED,
        postgresql_where=NOT_COMMITTED,
    )


def batch_constraints() -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
        sa.CheckConstraint("kind IN ('live', 'backfill', 'audit')", name=op.f("ck_batches_kind")),
        sa.CheckConstraint("status IN ('planned', 'sealed', 'committed')", name=op.f("ck_batches_status")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_batches_number")),
        sa.CheckConstraint("seal >= 1", name=op.f("ck_batches_seal")),
        sa.UniqueConstraint("window_start", "window_end", "shard", "number", name=op.f("uq_batches_window")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_batches_plan_id")),
    ]


def create_spans() -> None:
    op.create_table(
        "spans",
        required("batch_id", sa.Text()),
        key("position", sa.Integer()),
        required("account_id", ID),
        required("after_id", ID),
        required("through_id", ID),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_spans")),
        sa.CheckConstraint("after_id < through_id", name=op.f("ck_spans_ids")),
        sqlite_with_rowid=False,
    )


def create_seal_log() -> None:
    op.create_table(
        "seal_log",
        key("id", sa.Integer()),
        required("last_seal", ID),
        sa.Column("noted_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_log")),
        sa.CheckConstraint("id = 1", name=op.f("ck_seal_log_one_row")),
        sa.CheckConstraint("last_seal >= 0", name=op.f("ck_seal_log_last_seal")),
    )
    op.execute("INSERT INTO seal_log (id, last_seal) VALUES (1, 0)")


def create_rate_windows() -> None:
    op.create_table(
        "rate_windows",
        required("endpoint", sa.Text()),
        required("credential", sa.Text()),
        required("limit", ID),
        required("remaining", ID),
        required("reset_at", TIME),
        sa.PrimaryKeyConstraint("endpoint", "credential", name=op.f("pk_rate_windows")),
    )
