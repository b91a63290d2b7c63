"""Channels"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""


def downgrade() -> None:
    """Bring the ledger back."""
