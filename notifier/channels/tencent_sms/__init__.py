"""Provider card: Tencent Cloud SMS (腾讯云短信), sms 2021-01-11.

* auth: done - SecretId and SecretKey; TC3-HMAC-SHA256 over the exact body; our clock within 5 minutes of theirs
* template approval: exempt because they are approved in Tencent's console; new templates may have no variables
* rate: done - 3,000 SendSms/s, ours is `calls_per_second`; pulls by phone 20/s; a number's caps: LimitExceeded.*
* length: exempt because texts are measured where they are composed; newer accounts allow a variable 6 characters
* receipts: done - pushed as arrays of up to 100, 2 repeats and then gone; a pull by phone for 7 days
* signature: exempt because pushes carry none; the secret path of the callback stands in for it
* idempotency: exempt because Tencent has none; an unsure call is asked about by phone and SessionContext = our out_id
* error docs: done - the SDK's errorcodes.py and cloud.tencent.com 382/59177, in codes.csv
* sandbox: done - our own stand-in; Tencent has none
* price: unknown since 2026-11 - by package; charged by segment when submitted

One list of values goes to all numbers of a call, and each number has a status of its own: a call can fail in part.
A SerialNo belongs to one number while the ledger keeps one reference a call: a receipt finds its letter by `ext`,
and by its SerialNo only if that is the call's first. Have Tencent switch SessionContext on for callbacks and pulls.
A pull lists a message only once its carrier reported, so that its absence proves nothing before `absent_after`.
"""

from notifier.channels.tencent_sms.channel import build

__all__ = ["build"]
