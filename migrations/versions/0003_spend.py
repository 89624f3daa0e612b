"""Spend: what was read on each UTC day, and what may have been."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "spend",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tweets_reserved", COUNT, nullable=False),
        sa.Column("tweets_settled", COUNT, nullable=False),
        sa.Column("users_reserved", COUNT, nullable=False),
        sa.Column("users_settled", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_spend")),
        sa.CheckConstraint("tweets_reserved >= 0 AND tweets_settled >= 0", name=op.f("ck_spend_tweets")),
        sa.CheckConstraint("users_reserved >= 0 AND users_settled >= 0", name=op.f("ck_spend_users")),
    )


def downgrade() -> None:
    op.drop_table("spend")
