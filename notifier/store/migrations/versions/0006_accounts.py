"""Accounts: factors, sessions, codes, keys and alerts"""

import sqlalchemy as sa
from alembic import op

import notifier.store.tables.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the ledger to this revision."""
    op.create_table(
        "account_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("began_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("seen_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("ended_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_session_name"), ["name"], unique=False)

    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("raised_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("told_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.Column("ended_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_raised_at"), ["raised_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_subject"), ["subject"], unique=False)

    op.create_table(
        "alert_letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sent_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alert_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_letter_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index("ix_alert_letter_name", ["name", "sent_at"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("expires_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("revoked_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.Column("used_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_table(
        "factor",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("value_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.Column("last_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "kind", name="uq_factor"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("used_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_name"), ["name"], unique=False)

    op.create_table(
        "source_try",
        sa.Column("source_hash", sa.LargeBinary(), nullable=False),
        sa.Column("slot", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_hash", "slot"),
    )
    op.create_table(
        "verification_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asker_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("expires_at", notifier.store.tables.columns.Instant(), nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("used_at", notifier.store.tables.columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("verification_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_code_asker_hash"), ["asker_hash"], unique=False)
        batch_op.create_index("ix_verification_code_phone", ["phone_hash", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_code_sent_at"), ["sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_code_source_hash"), ["source_hash"], unique=False)

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_who", ["who", "id"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("must_change", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Bring the ledger back."""
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_who")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("must_change")

    with op.batch_alter_table("verification_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_code_source_hash"))
        batch_op.drop_index(batch_op.f("ix_verification_code_sent_at"))
        batch_op.drop_index("ix_verification_code_phone")
        batch_op.drop_index(batch_op.f("ix_verification_code_asker_hash"))

    op.drop_table("verification_code")
    op.drop_table("source_try")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_name"))

    op.drop_table("recovery_code")
    op.drop_table("factor")
    op.drop_table("api_key")
    with op.batch_alter_table("alert_letter", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_letter_name")
        batch_op.drop_index(batch_op.f("ix_alert_letter_alert_id"))

    op.drop_table("alert_letter")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_subject"))
        batch_op.drop_index(batch_op.f("ix_alert_raised_at"))

    op.drop_table("alert")
    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_session_name"))

    op.drop_table("account_session")
