"""Which subscription notices a follower accepts: lasting templates until withdrawn, others once for each acceptance.

Kept beside the handset record, so a restart forgets nothing.
"""

from collections.abc import Iterable

from notifier.sandbox.recorder import HandsetRecorder
from notifier.sandbox.settings import WeChatTemplate
from notifier.sandbox.wechat.refusals import refusal

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS wechat_consent (openid TEXT, template TEXT, n_left INTEGER NOT NULL, "
    "PRIMARY KEY (openid, template)) WITHOUT ROWID"
)
_LASTING = -1


class Consents:
    """How many notices of each template an openid still takes."""

    def __init__(self, recorder: HandsetRecorder, templates: Iterable[WeChatTemplate]) -> None:
        self._recorder = recorder
        self.templates = {template.template_id: template for template in templates}
        self._left: dict[tuple[str, str], int] = {}

    def open(self) -> None:
        self._recorder.connection.execute(_SCHEMA)
        rows = self._recorder.connection.execute("SELECT openid, template, n_left FROM wechat_consent")
        self._left = {(openid, template): n_left for openid, template, n_left in rows}

    def accept(self, openids: Iterable[str], template_id: str) -> None:
        """One acceptance each."""
        lasts = self.templates[template_id].lasting
        keys = [(openid, template_id) for openid in openids]
        self._keep({key: _LASTING if lasts else max(0, self._left.get(key, 0)) + 1 for key in keys})

    def reject(self, openids: Iterable[str], template_id: str) -> None:
        """No more notices, whatever was accepted before."""
        self._keep({(openid, template_id): 0 for openid in openids})

    def spend(self, openid: str, template_id: str) -> None:
        """One notice is sent. Raises WeChatRefusal 43101 when none is accepted any more."""
        left = self._left.get((openid, template_id), 0)
        if not left:
            raise refusal(43101)
        if left != _LASTING:
            self._keep({(openid, template_id): left - 1})

    def _keep(self, changed: dict[tuple[str, str], int]) -> None:
        self._left.update(changed)
        self._recorder.connection.execute("BEGIN IMMEDIATE")
        self._recorder.connection.executemany(
            "INSERT INTO wechat_consent VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n_left = excluded.n_left",
            [(*key, n_left) for key, n_left in changed.items()],
        )
        self._recorder.connection.execute("COMMIT")
