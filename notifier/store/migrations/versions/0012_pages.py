"""What pages need to answer at once after years of campaigns"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_IS_OWED = sa.text("subject = 'owed'")


def upgrade() -> None:
    """Bring the ledger to this revision."""
    columns = ["campaign_id", "state", "detail", "region_code", "n"]
    op.create_index("ix_tally_owed", "tally", columns, sqlite_where=_IS_OWED, postgresql_where=_IS_OWED)
    # Where the counts are there already: without statistics SQLite would not take the index.
    op.execute("ANALYZE tally")


def downgrade() -> None:
    """Bring the ledger back."""
    op.drop_index("ix_tally_owed", "tally")
