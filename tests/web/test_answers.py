"""Headers, errors and probes."""

from datetime import UTC, datetime

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from notifier.domain.watched import SourceState
from notifier.store.watching import Looked, record_look
from notifier.web import pages
from notifier.web.application import build_web
from notifier.web.desk import DESK
from notifier.web.guards import HEADERS
from tests.web.front import SECRET, Front


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/health", "/static/console.js", "/callbacks/x/wrong"])
async def test_every_answer_has_the_strict_headers(front: Front, path: str) -> None:
    answer = await front.client.get(path, allow_redirects=False)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


async def test_no_page_has_an_inline_script_or_style(front: Front) -> None:
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    await front.log_in("guanli")
    for path in ("/", "/campaigns/1", "/campaigns/1/unreached", "/reviews", "/matching", "/visits"):
        page = await front.page(path)
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert all("src=" in script.split(">")[0] for script in page.split("<script")[1:])


async def test_personal_pages_are_not_kept_by_anybody_in_between(front: Front) -> None:
    await front.log_in("guanli")
    assert (await front.client.get("/")).headers["Cache-Control"] == "no-store"


async def test_a_missing_page_says_what_to_do_in_chinese(front: Front) -> None:
    await front.log_in("guanli")
    assert "没有找到" in await front.page("/campaigns/99", 404)


async def test_a_broken_page_says_so_and_logs_no_message(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError("样例甲 19900001234")

    monkeypatch.setattr("notifier.web.reports.campaigns", break_down)
    await front.log_in("guanli")
    with structlog.testing.capture_logs() as logged:
        page = await front.page("/campaigns/1", 500)
    assert "系统出错" in page
    assert [entry["event"] for entry in logged] == ["request_failed"]
    assert "1990000" not in str(logged) + page


async def test_alive_and_ready_are_told_apart(front: Front) -> None:
    assert (await front.client.get("/health")).status == 200
    assert (await front.client.get("/ready")).status == 200
    front.schema[0] = False
    old = await front.client.get("/ready")
    assert (old.status, "db upgrade" in await old.text()) == (503, True)
    front.schema[0] = OSError("no database")
    assert (await front.client.get("/ready")).status == 503
    assert (await front.client.get("/health")).status == 200


async def test_metrics_tell_how_sources_fare(front: Front) -> None:
    looked = Looked(datetime(2026, 11, 24, tzinfo=UTC), True, 1, None, None, SourceState.DRIFT, 1, "列表变短")
    await record_look(front.ledger, "measured", looked)
    page = await (await front.client.get("/metrics")).text()
    assert 'notifier_source_state{source="measured",state="drift"} 1.0' in page
    assert 'notifier_source_state{source="measured",state="well"} 0.0' in page
    assert 'notifier_source_complete_timestamp_seconds{source="measured"} 1.795' in page
    assert 'notifier_source_waiting{source="measured"} 0.0' in page


async def test_metrics_count_requests_by_route_and_hold_no_secret(front: Front) -> None:
    await front.client.post(f"/callbacks/aliyun_sms/{SECRET}", data=b"[]")
    page = await (await front.client.get("/metrics")).text()
    assert 'notifier_pushes_total{gateway="aliyun_sms",what="new"}' in page
    assert 'route="/callbacks/{gateway}/{secret}"' in page
    assert SECRET not in page


async def test_a_console_without_built_assets_still_works(
    front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(pages, "LIBRARIES", tmp_path)
    assert front.client.app is not None
    with structlog.testing.capture_logs() as logged:
        app = build_web(front.client.app[DESK])
    assert logged[0]["event"] == "console_assets_missing"
    async with TestClient(TestServer(app)) as bare:
        page = await (await bare.get("/login")).text()
    assert "登录" in page
    assert "/assets/" not in page
