"""A desk where campaigns are written, with the shipped texts and words, every kind of gateway and no quiet hours."""

from notifier.campaigns.drafting import DraftDesk
from notifier.campaigns.previewing import Workshop
from notifier.campaigns.words import load_words
from notifier.compose.texts import load_texts
from notifier.domain.contracts import Clock
from notifier.domain.direct import SendNow
from notifier.domain.messages import Medium
from notifier.domain.settings import Campaigns
from notifier.domain.texts import Wording
from notifier.store.ledger import Ledger
from tests.house.tree import ROOT

SIGN = "彭阳惠农"
GATEWAYS = {Medium.SMS: ("aliyun_sms", "cmpp"), Medium.WECHAT: ("wechat",)}


def a_workshop() -> Workshop:
    texts = load_texts(ROOT / "config" / "texts.toml")
    wording = Wording(texts, dict.fromkeys(("aliyun_sms", "cmpp"), SIGN))
    return Workshop(wording, GATEWAYS, load_words(ROOT / "config" / "forbidden_words.toml"), "0954-7010000")


def a_draft_desk(ledger: Ledger, clock: Clock, send_now: SendNow, settings: Campaigns | None = None) -> DraftDesk:
    return DraftDesk(ledger, clock, settings or Campaigns(), a_workshop(), send_now, lambda at: at)
