"""Registry"""

import sqlalchemy as sa
from alembic import op

import notifier.store.tables.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = notifier.store.tables.columns.Instant


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.add_column("household", sa.Column("merged_into", _BIG, nullable=True))
    op.add_column("household", sa.Column("left_at", _INSTANT(), nullable=True))
    op.add_column("contact", sa.Column("known_at", _INSTANT(), nullable=True))
    is_openid = sa.text("kind = 'openid'")
    op.create_index(
        "ix_contact_openid",
        "contact",
        ["household_id", "id", "state"],
        sqlite_where=is_openid,
        postgresql_where=is_openid,
    )
    is_used = sa.text("kind = 'phone' AND state = 'usable'")
    op.create_index(
        "ix_contact_carried",
        "contact",
        ["value_hash", "household_id", "is_shared"],
        sqlite_where=is_used,
        postgresql_where=is_used,
    )
    op.drop_index("ix_household_region_code", "household")
    op.create_index("ix_household_region", "household", ["region_code", "state"])
    op.create_table(
        "registry_change",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("household_id", _BIG, nullable=False),
        sa.Column("person_id", _BIG, nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("after_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("at", _INSTANT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_registry_change_household_id", "registry_change", ["household_id"])
    op.create_table(
        "household_merge",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("kept_id", _BIG, nullable=False),
        sa.Column("gone_id", _BIG, nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("at", _INSTANT(), nullable=False),
        sa.Column("undone_at", _INSTANT(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_household_merge_kept_id", "household_merge", ["kept_id"])
    op.create_index("ix_household_merge_gone_id", "household_merge", ["gone_id"])
    op.create_table(
        "upload",
        sa.Column("id", _BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("run_id", _BIG, nullable=True),
        sa.Column("received_at", _INSTANT(), nullable=False),
        sa.Column("beat_at", _INSTANT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Bring the ledger back."""
    op.drop_table("upload")
    op.drop_table("household_merge")
    op.drop_table("registry_change")
    op.drop_index("ix_household_region", "household")
    op.create_index("ix_household_region_code", "household", ["region_code"])
    op.drop_index("ix_contact_carried", "contact")
    op.drop_index("ix_contact_openid", "contact")
    op.drop_column("contact", "known_at")
    op.drop_column("household", "left_at")
    op.drop_column("household", "merged_into")
