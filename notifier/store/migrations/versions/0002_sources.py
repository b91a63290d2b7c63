"""Sources"""

import sqlalchemy as sa
from alembic import op

import notifier.store.tables.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = notifier.store.tables.columns.Instant


def upgrade() -> None:
    """Bring the ledger to this revision."""
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(), server_default="well", nullable=False))
        batch_op.add_column(sa.Column("complete_at", INSTANT(), nullable=True))
        batch_op.add_column(sa.Column("error_at", INSTANT(), nullable=True))
        batch_op.add_column(sa.Column("drift", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("not_before", INSTANT(), nullable=True))

    op.create_table(
        "look",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("looked_at", INSTANT(), nullable=False),
        sa.Column("n_listed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "looked_at"),
    )
    op.create_table(
        "shown_text",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("benefit_id", BIG, nullable=False),
        sa.Column("text_digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("shown_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shown_text_benefit_id"), ["benefit_id"], unique=False)

    op.create_table(
        "benefit_version",
        sa.Column("benefit_id", BIG, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("document_number", sa.String(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot_id", BIG, nullable=True),
        sa.Column("found_at", INSTANT(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", INSTANT(), nullable=True),
        sa.PrimaryKeyConstraint("benefit_id", "version"),
    )
    op.create_table(
        "undated_item",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("identities", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("document_number", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("snapshot_id", BIG, nullable=True),
        sa.Column("found_at", INSTANT(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", INSTANT(), nullable=True),
        sa.Column("benefit_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    _open = sa.text("decision IS NULL")
    op.create_index("ix_undated_item_open", "undated_item", ["id"], sqlite_where=_open, postgresql_where=_open)

    op.create_table(
        "attachment",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("benefit_id", BIG, nullable=True),
        sa.Column("undated_id", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("n_lines", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("snapshot_id", BIG, nullable=False),
        sa.Column("draft", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", INSTANT(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("benefit_id", "version", "url", "snapshot_id"),
    )
    op.create_index("ix_attachment_undated_id", "attachment", ["undated_id"])
    _draft = sa.text("draft = 'waiting'")
    op.create_index("ix_attachment_draft", "attachment", ["id"], sqlite_where=_draft, postgresql_where=_draft)


def downgrade() -> None:
    """Bring the ledger back."""
    for table in ("attachment", "undated_item", "benefit_version", "shown_text", "look"):
        op.drop_table(table)
    with op.batch_alter_table("source", schema=None) as batch_op:
        for column in ("not_before", "drift", "error_at", "complete_at", "state"):
            batch_op.drop_column(column)
