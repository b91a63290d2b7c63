"""Channels"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.create_table(
        "direct_attempt",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("out_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("delivered", sa.Integer(), nullable=True),
        sa.Column("receipt_code", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", _BIG, nullable=False),
        sa.Column("ended_at", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("out_id"),
    )
    with op.batch_alter_table("direct_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_direct_attempt_ref", ["provider_ref"], unique=False)
        batch_op.create_index("ix_direct_attempt_state", ["state"], unique=False)
    op.create_table(
        "heard_part",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", _BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("push_id", _BIG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "address_hash", "reference", "total", "number"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("n_parts", sa.SmallInteger(), server_default="1", nullable=False))
    with op.batch_alter_table("chunk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("n_waits", sa.SmallInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("waiting_since", _BIG, nullable=True))
    with op.batch_alter_table("parked_receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("submitted_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Bring the ledger back."""
    with op.batch_alter_table("parked_receipt", schema=None) as batch_op:
        batch_op.drop_column("submitted_at")
    with op.batch_alter_table("chunk", schema=None) as batch_op:
        batch_op.drop_column("waiting_since")
        batch_op.drop_column("n_waits")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_column("n_parts")
    op.drop_table("heard_part")
    op.drop_table("direct_attempt")
