"""Rules and matching"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""


def downgrade() -> None:
    """Bring the ledger back."""
