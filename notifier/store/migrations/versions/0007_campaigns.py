"""Campaigns"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("campaign", "notice_kind", sa.String()),
    ("campaign", "free_text", sa.Text()),
    ("campaign", "gateways", sa.String()),
    ("campaign", "review_levels", sa.String()),
    ("campaign", "scheduled_at", sa.BigInteger()),
    ("campaign", "content_hash", sa.LargeBinary()),
    ("review", "level", sa.String()),
    ("owed", "retry", sa.Integer()),
)


def upgrade() -> None:
    """What a person drafts, how it was sealed, and the recorded retries of a household."""
    for table, column, kind in _COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))


def downgrade() -> None:
    """Bring the ledger back."""
    for table, column, _ in reversed(_COLUMNS):
        op.drop_column(table, column)
