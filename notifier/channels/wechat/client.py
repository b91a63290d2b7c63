"""wechatpy's whole catalogue of API builders, over our wire and with our tokens."""

from typing import Any
from urllib.parse import urlencode

from wechatpy.client import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

from notifier.channels.wechat.protocol import TOKEN_ERRORS, below, read_fields, written
from notifier.channels.wechat.tokens import Tokens
from notifier.domain import settings
from notifier.wire import Wire

_OFFICIAL = "https://api.weixin.qq.com/"
_LIMIT_REACHED = 45009


class WireClient(WeChatClient):  # type: ignore[misc] # wechatpy carries no types
    """Every builder returns an awaitable: `await client.user.get(openid)`.

    A call whose token is not taken is repeated once with another one. Raises WeChatClientException for errcode ≠ 0,
    NotSent and Lost (the wire), Unreadable (not the API's reply), TokenUnavailable (nothing was sent).
    """

    def __init__(self, section: settings.Wechat, wire: Wire, tokens: Tokens) -> None:
        super().__init__(section.appid, "", auto_retry=False)
        self._http.close()  # its blocking session is never used
        self._api_base = section.api_base
        self._wire = wire
        self._tokens = tokens

    async def _request(self, method: str, url_or_endpoint: str, **options: Any) -> Any:
        read = options.pop("result_processor", None)
        url = self._url(url_or_endpoint, options)
        token = await self._tokens.current()
        fields = await self._once(method, url, token, options)
        if fields["errcode"] in TOKEN_ERRORS:
            fields = await self._once(method, url, await self._tokens.current(rejected=token), options)
        if fields["errcode"] != 0:
            kind = APILimitedException if fields["errcode"] == _LIMIT_REACHED else WeChatClientException
            raise kind(fields["errcode"], "see errcode", client=self)  # errmsg may quote what was sent
        return read(fields) if read else fields

    def _url(self, url_or_endpoint: str, options: dict[str, Any]) -> str:
        """Below our own API base, whatever base the builder had in mind; other hosts stay."""
        base = options.pop("api_base_url", f"{_OFFICIAL}cgi-bin/")
        absolute = url_or_endpoint.startswith(("http://", "https://"))
        url = url_or_endpoint if absolute else f"{base}{url_or_endpoint}"
        return below(self._api_base, url.removeprefix(_OFFICIAL)) if url.startswith(_OFFICIAL) else url

    async def _once(self, method: str, url: str, token: str, options: dict[str, Any]) -> dict[str, Any]:
        query = urlencode({**(options.get("params") or {}), "access_token": token})
        if method == "get":
            reply = await self._wire.get(f"{url}?{query}")
        else:
            body = options.get("data", b"")
            encoded = body if isinstance(body, bytes) else written(body)
            headers = {"Content-Type": "application/json"}
            reply = await self._wire.post(f"{url}?{query}", body=encoded, headers=headers)
        return read_fields(reply.status, reply.body)
