"""Reads norsubmit and tmpsubmit: the body out of its base64, the mac over its very texts, one text to many numbers."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from notifier.sandbox.mas.settings import MasSettings
from notifier.sandbox.numbered import filled, n_variables

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "norsubmit": ("mobiles", "content", "sign", "addSerial"),
    "tmpsubmit": ("templateId", "mobiles", "params", "sign", "addSerial"),
}
"""What each action says, in the order that its mac covers."""
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)


class MasRefusal(Exception):
    """The whole request is refused with this rspcod; nothing of it was accepted."""

    def __init__(self, rspcod: str) -> None:
        super().__init__(rspcod)
        self.rspcod = rspcod


class Mailbag(NamedTuple):
    """What one request asks for."""

    mobiles: Sequence[str]
    template: str
    text: str


class SubmitReader:
    """Knows the account, its signatures and templates."""

    def __init__(self, settings: MasSettings) -> None:
        self._settings = settings
        self._templates = {one.template_id: one.content for one in settings.templates if one.approved}

    def read(self, action: str, body: bytes) -> Mailbag:
        """Raises MasRefusal; a wrong number, template or value is InvalidMessage [choice: no other code is known]."""
        said = _texts(body, ("ecName", "apId", *ACTIONS[action], "mac"))
        if (said["ecName"], said["apId"]) != (self._settings.ec_name, self._settings.ap_id):
            raise MasRefusal("InvalidUsrOrPwd")
        if not hmac.compare_digest(mac_of(action, said, self._settings.secret_key).encode(), said["mac"].encode()):
            raise MasRefusal("IllegalMac")
        if not said["sign"]:
            raise MasRefusal("NoSignId")
        sign = self._settings.signs.get(said["sign"])
        if sign is None:
            raise MasRefusal("IllegalSignId")
        mobiles = said["mobiles"].split(",")
        if len(mobiles) > self._settings.most_mobiles:
            raise MasRefusal("TooManyMobiles")
        if not all(_MOBILE.fullmatch(mobile) for mobile in mobiles) or len(set(mobiles)) < len(mobiles):
            raise MasRefusal("InvalidMessage")
        text = said["content"] if action == "norsubmit" else self._filled(said["templateId"], said["params"])
        if not text.strip() or "【" in text:
            raise MasRefusal("InvalidMessage")
        return Mailbag(mobiles, said.get("templateId", ""), f"【{sign}】{text}")

    def _filled(self, template: str, params: str) -> str:
        content = self._templates.get(template)
        try:
            values = orjson.loads(params)
        except orjson.JSONDecodeError:
            values = None
        if content is None or not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise MasRefusal("InvalidMessage")
        n_wanted = n_variables(content)
        if len(values) != max(n_wanted, 1) or (n_wanted == 0 and values != [""]):
            raise MasRefusal("InvalidMessage")
        return filled(content, values)


def mac_of(action: str, said: Mapping[str, str], secret_key: str) -> str:
    """The lower-case md5 over the account's names, the secret and the action's texts, with nothing between them."""
    covered = said["ecName"] + said["apId"] + secret_key + "".join(said[name] for name in ACTIONS[action])
    return hashlib.md5(covered.encode("utf-8", "replace")).hexdigest()


def _texts(body: bytes, names: Sequence[str]) -> dict[str, str]:
    """The named texts of the body; more may be there, e.g. the secretKey that some clients send too."""
    try:
        found = orjson.loads(base64.b64decode(body, validate=True))
    except (binascii.Error, orjson.JSONDecodeError):
        raise MasRefusal("InvalidMessage") from None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in names):
        raise MasRefusal("InvalidMessage")
    return {name: found[name] for name in names}
