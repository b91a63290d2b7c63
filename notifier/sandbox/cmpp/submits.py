"""What the gateway makes of a SUBMIT: a result that refuses it, or a text that is whole with this part."""

import re
from dataclasses import dataclass, field

from notifier.sandbox.cmpp.layout import Submitted
from notifier.sandbox.cmpp.settings import CmppSettings

STRUCTURE, TOO_LONG, SERVICE, FLOW, NOT_SERVED, SRC_ID, MSG_SRC, TERMINAL = 1, 6, 7, 8, 9, 10, 11, 13
_ENCODINGS = {0: "ascii", 8: "utf-16-be", 15: "gbk"}
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_HEADER = 6


class Refused(Exception):
    """This SUBMIT is answered with this result and is not accepted."""

    def __init__(self, result: int) -> None:
        super().__init__(result)
        self.result = result


@dataclass(frozen=True, slots=True)
class Whole:
    """A text of which every part has come, with the Msg_Id of each."""

    phone: str = field(repr=False)
    text: str = field(repr=False)
    msg_ids: tuple[int, ...]


@dataclass(slots=True)
class _Pieces:
    """Parts of one text, by their number."""

    found: dict[int, tuple[int, bytes]] = field(default_factory=dict)


class SubmitReader:
    """Knows the account, and the texts of which parts are still to come."""

    def __init__(self, settings: CmppSettings) -> None:
        self._settings = settings
        self._waiting: dict[tuple[str, int, int], _Pieces] = {}

    def forget(self) -> None:
        """Parts that wait for others are gone."""
        self._waiting.clear()

    def check(self, one: Submitted, *, is_wide: bool) -> None:
        """Raises Refused; the results above 9 are 3.0's."""
        settings = self._settings
        if one.msg_src != settings.source_addr:
            raise Refused(MSG_SRC if is_wide else SERVICE)
        if one.service_id != settings.service_id:
            raise Refused(SERVICE)
        if not one.src_id.startswith(settings.src_id):
            raise Refused(SRC_ID if is_wide else NOT_SERVED)
        if not one.phones or not all(_MOBILE.fullmatch(phone) for phone in one.phones):
            raise Refused(TERMINAL if is_wide else NOT_SERVED)
        if len(one.content) > (159 if one.fmt == 0 else 140):
            raise Refused(TOO_LONG)
        if one.msg_id or one.registered != 1 or one.fmt not in _ENCODINGS or not _is_part(one):
            raise Refused(STRUCTURE)

    def put(self, one: Submitted, msg_id: int) -> list[Whole]:
        """The texts, one a number, that this part makes whole. Raises Refused for one that no handset could read."""
        whole = []
        for phone in one.phones:
            if one.total == 1:
                whole.append(Whole(phone, _text(one.content, one.fmt), (msg_id,)))
                continue
            key = (phone, one.content[3], one.total)
            pieces = self._waiting.setdefault(key, _Pieces()).found
            pieces[one.number] = (msg_id, one.content[_HEADER:])
            if len(pieces) == one.total:
                del self._waiting[key]
                parts = [pieces[n] for n in sorted(pieces)]
                text = _text(b"".join(content for _, content in parts), one.fmt)
                whole.append(Whole(phone, text, tuple(part_id for part_id, _ in parts)))
        return whole


def _is_part(one: Submitted) -> bool:
    """Whether Pk_total, Pk_number and the header in the content say the same."""
    if not 1 <= one.number <= one.total:
        return False
    if not one.has_header:
        return one.total == 1
    said = one.content[:_HEADER]
    return one.total > 1 and said[:3] == b"\x05\x00\x03" and said[4:] == bytes((one.total, one.number))


def _text(content: bytes, fmt: int) -> str:
    try:
        return content.decode(_ENCODINGS[fmt])
    except UnicodeDecodeError:
        raise Refused(STRUCTURE) from None
