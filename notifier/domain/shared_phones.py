"""What a text says to a number that several households share: that each has a notice, and nothing of any; pure."""

from collections.abc import Mapping

from notifier.domain.messages import Notice

SHARED = "shared"
"""The kind of such a notice."""
_MATTERS: Mapping[str, str] = {
    "paid": "{item}已发放",
    "goods": "{goods}待领取",
    "returned": "{item}未发放成功",
    "correction": "{item}的更正",
}
_OTHERWISE = "一条通知"
_ITEM_MOST = 20


def shared_notice(own: Notice, n_households: int) -> Notice:
    """The notice of one household as its number may hear it when `n_households` share it: no name, amount or line.

    Facts: `n` households, the `matter` that all of them have in common, and where to ask.
    """
    facts = own.facts
    item, goods = (facts.get(name, "")[:_ITEM_MOST] for name in ("item", "goods"))
    matter = _MATTERS.get(own.kind, _OTHERWISE).format(item=item, goods=goods or item)
    return Notice(own.notice_id, SHARED, {"n": str(n_households), "matter": matter, "tel": facts.get("tel", "")})
