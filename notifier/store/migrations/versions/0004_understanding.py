"""Understanding"""

import sqlalchemy as sa
from alembic import op

from notifier.store.tables.columns import BIG, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.create_table(
        "understood",
        sa.Column("benefit_id", BIG, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("benefit_id", "version"),
    )
    op.create_table(
        "disclosure_item",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("sub_item", sa.String(), nullable=False),
        sa.Column("contents", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("time_limit", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("channels", sa.String(), nullable=False),
        sa.Column("keywords", sa.String(), nullable=False),
        sa.Column("is_retired", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("level", "field", "item", "sub_item"),
    )
    op.create_table(
        "disclosure_filing",
        sa.Column("benefit_id", BIG, autoincrement=False, nullable=False),
        sa.Column("item_id", BIG, nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("benefit_id"),
    )
    with op.batch_alter_table("disclosure_filing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_filing_item_id"), ["item_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("rule_before", sa.Text(), nullable=True),
        sa.Column("rule_after", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_campaign", ["campaign_id"], unique=False)


def downgrade() -> None:
    """Bring the ledger back."""
    for table in ("decision", "disclosure_filing", "disclosure_item", "understood"):
        op.drop_table(table)
