"""Accounts"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""


def downgrade() -> None:
    """Bring the ledger back."""
