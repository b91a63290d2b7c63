"""Retention"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.alter_column("raw_sealed", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    """Bring the ledger back; whose bytes are gone stays without them."""
    op.execute("UPDATE snapshot SET raw_sealed = '' WHERE raw_sealed IS NULL")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.alter_column("raw_sealed", existing_type=sa.LargeBinary(), nullable=False)
