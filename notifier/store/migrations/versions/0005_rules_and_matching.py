"""Rules and matching"""

import sqlalchemy as sa
from alembic import op

from notifier.store.tables.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "household_attribute",
        sa.Column("household_id", big, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("amount", big, nullable=False),
    )
    op.create_index("ix_household_attribute_kind", "household_attribute", ["kind"])
    op.create_table(
        "name_list",
        sa.Column("id", big, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=True),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("n_unmatched", sa.Integer(), nullable=False),
    )
    op.create_table(
        "name_list_entry",
        sa.Column("list_id", big, primary_key=True, autoincrement=False),
        sa.Column("household_id", big, primary_key=True, autoincrement=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
    )
    op.create_index("ix_name_list_entry_household", "name_list_entry", ["household_id"])
    op.create_table(
        "region_alias",
        sa.Column("alias", sa.String(), primary_key=True),
        sa.Column("region_code", sa.String(length=12), primary_key=True),
    )
    op.create_table(
        "match_decision",
        sa.Column("line_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=True),
        sa.Column("account_hash", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", big, nullable=False),
        sa.Column("person_name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id_hash", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
    )
    for column in ("id_hash", "account_hash"):
        op.create_index(f"ix_match_decision_{column}", "match_decision", [column])
    op.add_column("message", sa.Column("merged_into", big, nullable=True))
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_message_merged", "message", ["merged_into"], sqlite_where=is_merged, postgresql_where=is_merged)


def downgrade() -> None:
    """Bring the ledger back."""
    op.drop_index("ix_message_merged", "message")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_column("merged_into")
    for table in ("match_decision", "region_alias", "name_list_entry", "name_list", "household_attribute"):
        op.drop_table(table)
