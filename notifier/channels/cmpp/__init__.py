"""Provider card: CMPP 2.0 and 3.0 (中国移动通信互联网短信网关接口协议), one account at a carrier's gateway (ISMG).

* auth: done - CONNECT with MD5 over source address, secret and Beijing time; the gateway's answer is verified too
* template approval: exempt because CMPP carries free text; what may be said is agreed with the carrier
* rate: done - 16 unanswered SUBMITs (window), `submits_per_second`, and result 8 slows all of them down
* length: done - 70 units, else parts of 67 behind a UDH; a letter is taken, and arrives, when all its parts are
* receipts: done - DELIVER on the same connection, a part each, stored before DELIVER_RESP; redelivered until answered
* signature: exempt because a DELIVER comes over the connection whose two ends have proved the secret
* idempotency: exempt because CMPP has none and cannot be asked; a late answer or reports (number, minute) settle it
* error docs: done - CMPP 2.0 and 3.0, Result and Status, in codes.csv; carriers' own codes in carriers.csv
* sandbox: done - our own stand-in
* price: unknown since 2026-11 - by contract with the carrier; charged by part
"""

from notifier.channels.cmpp.channel import build

__all__ = ["build"]
