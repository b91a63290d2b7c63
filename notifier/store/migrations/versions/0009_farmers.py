"""Farmers"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.create_table(
        "visit_photo",
        sa.Column("visit_id", _BIG, primary_key=True, autoincrement=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("photo_sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_visit_photo_at", "visit_photo", ["at"])
    op.create_table(
        "form_done",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_form_done_at", "form_done", ["at"])
    op.create_table(
        "binding_attempt",
        sa.Column("id", _BIG, primary_key=True, autoincrement=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_binding_attempt_address", "binding_attempt", ["address_hash", "at"])
    op.create_table(
        "greeting",
        sa.Column("id", _BIG, primary_key=True, autoincrement=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("openid_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )

    waits = sa.text("state IN ('open', 'excuse_asked')")
    op.create_index("ix_visit_waits", "visit", ["region_code"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    """Bring the ledger back."""
    op.drop_index("ix_visit_waits", "visit")
    for table in ("greeting", "binding_attempt", "form_done", "visit_photo"):
        op.drop_table(table)
