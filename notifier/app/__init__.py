"""The only place where objects meet."""

from notifier.app.opening import App, open_app, open_ledger_at
from notifier.app.serving import front_desk, serve

__all__ = ["App", "front_desk", "open_app", "open_ledger_at", "serve"]
