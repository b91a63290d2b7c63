"""Provider card: Aliyun SMS (阿里云短信服务), Dysmsapi 2017-05-25.

* auth: done - AccessKey pair; V1 (HMAC-SHA1, default) or V3 (ACS3-HMAC-SHA256) by setting `signature`
* template approval: exempt because templates and signatures are approved in Aliyun's console (审核 9:00-21:00)
* rate: done - 5,000 calls/s an account; ours is `calls_per_second`; a number's own caps come back as 流控 codes
* length: exempt because texts are measured where they are composed (70, then 67 a segment, 【签名】 included)
* receipts: done - pushed as arrays, 3 repeats (1, 5, 10 min) and then gone; QuerySendDetails for 30 days
* signature: exempt because pushes carry none; the secret path of the callback stands in for it
* idempotency: exempt because Aliyun has none; an unsure call is asked about by phone, day and OutId
* error docs: done - help.aliyun.com documents 101346 (calls) and 101347 (receipts), in codes.csv
* sandbox: done - our own stand-in; Aliyun offers test signatures for bound numbers only
* price: unknown since 2026-11 - by contract and volume; charged by segment, and only when delivered
"""

from notifier.channels.aliyun_sms.channel import build

__all__ = ["build"]
