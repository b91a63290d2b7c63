"""Campaigns"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""


def downgrade() -> None:
    """Bring the ledger back."""
