"""Payments"""

import sqlalchemy as sa
from alembic import op

import notifier.store.tables.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = notifier.store.tables.columns.Instant()
_MU = notifier.store.tables.columns.Mu()


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.add_column("benefit", sa.Column("filed", sa.String(), nullable=False, server_default="none"))
    # A 备案号 is given when the county has filed.
    op.execute("UPDATE benefit SET filed = 'county' WHERE kind = 'disbursement' AND filing_number IS NOT NULL")
    _create_filing_step()
    _create_payment_change()
    op.create_table(
        "payment_push",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "nonce"),
    )


def _create_filing_step() -> None:
    op.create_table(
        "filing_step",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("benefit_id", _BIG, nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_filing_step_benefit_id", "filing_step", ["benefit_id"])


def _create_payment_change() -> None:
    op.create_table(
        "payment_change",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("benefit_id", _BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payment_id", _BIG, nullable=False),
        sa.Column("old_hash", sa.LargeBinary(), nullable=False),
        sa.Column("old_area_mu", _MU, nullable=True),
        sa.Column("new_area_mu", _MU, nullable=True),
        sa.Column("old_standard_fen", _BIG, nullable=True),
        sa.Column("new_standard_fen", _BIG, nullable=True),
        sa.Column("old_amount_fen", _BIG, nullable=True),
        sa.Column("new_amount_fen", _BIG, nullable=True),
        sa.Column("old_quantity_text", sa.String(), nullable=True),
        sa.Column("new_quantity_text", sa.String(), nullable=True),
        sa.Column("was_told", sa.SmallInteger(), nullable=False),
        sa.Column("said_amount_fen", _BIG, nullable=True),
        sa.Column("said_quantity_text", sa.String(), nullable=True),
        sa.Column("tell_version", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("payment_id", "version"),
    )
    op.create_index("ix_payment_change_telling", "payment_change", ["benefit_id", "tell_version"])


def downgrade() -> None:
    """Bring the ledger back."""
    for table in ("payment_push", "payment_change", "filing_step"):
        op.drop_table(table)
    with op.batch_alter_table("benefit") as batch_op:
        batch_op.drop_column("filed")
