"""Provider card: 移动云MAS (China Mobile's SMS platform for organisations), HTTP norsubmit and tmpsubmit.

* auth: done - an mac (md5) over the fields with the secretKey; plain HTTP by default, so use a private line or a tunnel
* template approval: exempt because templates and signature codes are approved in the platform's console
* rate: unknown since 2026-11 - by contract; ours is `calls_per_second`, and a 429 of a proxy before it postpones
* length: exempt because texts are measured where they are composed; the platform puts its 【签名】 before the text
* receipts: done - pushed one object a report, of any content type; DELIVRD or CM:0000 is success
* signature: exempt because pushes carry none; the secret path of the callback stands in for it
* idempotency: exempt because MAS has none and no client reference either; it cannot be asked about a call
* error docs: unknown since 2026-11 - no official page is public; seven rspcod are known, in codes.csv
* sandbox: done - our own stand-in; MAS has none
* price: unknown since 2026-11 - by contract; charged by segment

A template that is an id goes by tmpsubmit, with the letter's values in their order; one that is a text with
${variables} is filled here and goes by norsubmit. Either way one text goes to all numbers of a call.
A call is known by its msgGroup alone. One whose answer was lost is known again by a receipt: the only call to that
number that began about its submitDate; without one it waits for the end of its window and goes to a visit.
"""

from notifier.channels.mas.channel import build

__all__ = ["build"]
