"""What runs inside WeChat's own browser: the ticket that signs a page, and a stand-in for its script and its button."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any

_TICKET_LIFE_S = 7200
SCRIPT = """(function () {
  "use strict";
  var root = document.currentScript.src.replace(/wechat\\/open\\/.*$/, "");
  var onReady = [], onError = [], state = "";
  function settle(ok) { state = ok ? "ok" : "bad"; (ok ? onReady : onError).forEach(function (one) { one({}); }); }
  function post(path, told) {
    return fetch(root + path, { method: "POST", body: JSON.stringify(told) })
      .then(function (answer) { return answer.json(); });
  }
  function button(tag) {
    var shown = document.createElement("button");
    shown.type = "button";
    shown.textContent = tag.querySelector("script:not([slot])").textContent.replace(/<[^>]*>/g, "");
    shown.addEventListener("click", function () {
      post("sandbox/popup", { template_id: tag.getAttribute("template") }).then(function (said) {
        var details = {};
        details[tag.getAttribute("template")] = JSON.stringify({ status: "accept", timestamp: "" });
        var detail = { subscribeDetails: JSON.stringify(details), said: said };
        tag.dispatchEvent(new CustomEvent("success", { detail: detail }));
      });
    });
    tag.appendChild(shown);
  }
  window.wx = {
    config: function (given) {
      given.url = location.href.split("#")[0];
      post("sandbox/page", given).then(function (said) {
        if (said.ok) { document.querySelectorAll("wx-open-subscribe").forEach(button); }
        settle(said.ok);
      });
    },
    ready: function (one) { if (state === "ok") { one({}); } else { onReady.push(one); } },
    error: function (one) { if (state === "bad") { one({}); } else { onError.push(one); } }
  };
}());
"""
"""In place of jweixin: it checks the page's signature with the stand-in, and draws the subscribe button."""


class PageTickets:
    """The account's jsapi ticket, made anew when its life is over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._value, self._until = "", 0.0

    def issue(self) -> dict[str, Any]:
        """The answer of ticket/getticket."""
        if self._until <= self._clock():
            self._value, self._until = f"sandboxticket{secrets.token_hex(16)}", self._clock() + _TICKET_LIFE_S
        return {"ticket": self._value, "expires_in": int(self._until - self._clock())}

    def is_signed(self, given: Mapping[str, Any]) -> bool:
        """Whether wx.config's signature is of this ticket, nonce, time and address."""
        told = (
            f"jsapi_ticket={self._value}&noncestr={given.get('nonceStr')}&timestamp={given.get('timestamp')}"
            f"&url={given.get('url')}"
        )
        return bool(self._value) and hashlib.sha1(told.encode()).hexdigest() == given.get("signature")
