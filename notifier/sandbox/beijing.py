"""Times as the providers of this country print them."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def beijing_text(at_ms: int, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """`yyyy-MM-dd HH:mm:ss` in Beijing, or another form, as receipts and queries print it."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).strftime(form)
