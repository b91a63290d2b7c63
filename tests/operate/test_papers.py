"""The doctor asks the provider whether the signature and the templates that we fill may be used."""

from pathlib import Path

from notifier.domain.contracts import ShowsPapers
from notifier.operate.doctor import Finding, examine
from notifier.sandbox.settings import Approval, load_settings
from tests.day.county import SmallCounty, small_county

SHIPPED = load_settings(Path("config/sandbox.toml")).aliyun


async def _found(county: SmallCounty, folder: Path) -> dict[str, Finding]:
    texts = county.composing.wording.texts
    found = await examine(county.ledger, county.channels, texts, county.clock, folder)
    return {one.what: one for one in found}


async def test_the_shipped_signature_and_templates_are_usable(sqlite_ledger_url: str, tmp_path: Path) -> None:
    async with small_county(sqlite_ledger_url, tmp_path) as county:
        found = await _found(county, tmp_path)
        papers = {what: one for what, one in found.items() if what.startswith("aliyun_sms ")}
        assert len(papers) == 1 + sum(
            "aliyun_sms" in by_gateway for by_gateway in county.composing.wording.texts.values()
        )
        assert all(one.is_well for one in papers.values()), papers
        assert county.received() == [], "asking sends nothing"


async def test_a_template_under_review_is_named_with_its_state(sqlite_ledger_url: str, tmp_path: Path) -> None:
    first, *others = SHIPPED.templates
    pending = first.model_copy(update={"status": Approval.IN_REVIEW})
    async with small_county(sqlite_ledger_url, tmp_path, aliyun={"templates": (pending, *others)}) as county:
        one = (await _found(county, tmp_path))[f"aliyun_sms 模板 {first.code}"]
        assert not one.is_well
        assert "审核中" in one.says


async def test_a_template_with_another_approved_text_is_named(sqlite_ledger_url: str, tmp_path: Path) -> None:
    first, *others = SHIPPED.templates
    other = first.model_copy(update={"content": first.content + "谢谢"})
    async with small_county(sqlite_ledger_url, tmp_path, aliyun={"templates": (other, *others)}) as county:
        one = (await _found(county, tmp_path))[f"aliyun_sms 模板 {first.code}"]
        assert not one.is_well
        assert "texts.toml" in one.says


async def test_a_question_without_an_answer_is_said_and_nothing_else_is_lost(
    sqlite_ledger_url: str, tmp_path: Path
) -> None:
    async with small_county(sqlite_ledger_url, tmp_path) as county:
        await county.gateways.close()
        channel = county.channels["aliyun_sms"]
        assert isinstance(channel, ShowsPapers)
        papers = await channel.papers({"SMS_640425001": "x"})
        assert [one.is_usable for one in papers] == [False, False]
        assert all(one.says.startswith("通道答复") for one in papers)
        found = await _found(county, tmp_path)
        assert found["磁盘"].says
