"""Every role on every route, and every region behind its own wall."""

import pytest

from notifier.store.audit import latest
from tests.report import ground
from tests.web.front import PEOPLE, Front

EVERYBODY = {user.name for user in PEOPLE}
GETS = {
    "/": EVERYBODY,
    "/part": EVERYBODY,
    "/campaigns/1": EVERYBODY,
    "/drafts": {"guanli", "baiyang"},
    "/campaigns/1/unreached": EVERYBODY,
    "/campaigns/1/report.xlsx": EVERYBODY,
    "/api/report": EVERYBODY,
    "/api/campaigns": EVERYBODY,
    "/reviews": {"guanli", "baiyang", "shenhe"},
    "/reviews/3/audience": {"guanli", "shenhe"},
    "/matching": {"guanli"},
    "/visits": {"guanli", "baiyang", "shenhe", "cunguan"},
    "/filings": {"guanli", "baiyang", "shenhe", "cunguan"},
    "/inquiries": {"guanli", "baiyang", "cunguan"},
    "/inquiries/new": {"guanli", "baiyang", "cunguan"},
    "/households": {"guanli", "baiyang", "cunguan", "shenji"},
    "/households/1007": {"guanli", "baiyang", "cunguan", "shenji"},
    "/households/1017": {"guanli", "shenji"},
    "/households/1001/merge?other=1007": {"guanli", "baiyang"},
    "/shared-phones": {"guanli", "baiyang", "cunguan", "shenji"},
    "/followers": {"guanli", "baiyang", "cunguan", "shenji"},
    "/regions": {"guanli", "baiyang", "cunguan", "shenji"},
    "/uploads": {"guanli", "baiyang"},
    "/policies": {"guanli", "baiyang"},
    "/policies/decisions": {"guanli", "baiyang"},
    "/users": {"guanli", "baiyang"},
    "/keys": {"guanli", "baiyang"},
    "/audit": {"guanli", "baiyang", "shenji"},
    "/alerts": {"guanli", "baiyang", "yunwei"},
    "/account": EVERYBODY,
    "/api-guide": EVERYBODY,
    "/api/campaigns/1/households": EVERYBODY,
    "/api/visits": {"guanli", "baiyang", "cunguan"},
    "/api/inquiries": {"guanli", "baiyang", "cunguan"},
}
POSTS = {
    "/campaigns/1/cancel": {"guanli"},
    "/campaigns/2/pause": {"guanli", "baiyang"},
    "/campaigns/2/retry": {"guanli", "baiyang"},
    "/campaigns/2/any-hour": {"guanli", "baiyang"},
    "/campaigns/1/any-hour": {"guanli"},
    "/campaigns/3/review": {"guanli", "shenhe"},
    "/matching/1/refuse": {"guanli"},
    "/visits/1007/sign": {"guanli", "baiyang", "cunguan"},
    "/visits/1007/excuse": {"guanli", "baiyang", "cunguan"},
    "/visits/1007/confirm": {"guanli", "baiyang", "shenhe"},
    "/visits/1007/absent": {"guanli", "baiyang", "cunguan"},
    "/visits/1007/phone": {"guanli", "baiyang", "cunguan"},
    "/visits/1007/decline": {"guanli", "baiyang", "shenhe"},
    "/visits/1017/sign": {"guanli"},
    "/households/1007/attributes": {"guanli", "baiyang", "cunguan"},
    "/households/1007/depart": {"guanli", "baiyang"},
    "/households/1017/depart": {"guanli"},
}
FORM = {"verdict": "approve", "how": "当面告知", "reason": "deceased", "person": "1007", "phone": "19900000001"}
ABSENT = FORM | {"reason": "away"}


@pytest.mark.parametrize("user", PEOPLE, ids=lambda user: user.name)
async def test_each_role_opens_its_pages_only(front: Front, user: object) -> None:
    name = getattr(user, "name", "")
    await front.log_in(name)
    for path, allowed in GETS.items():
        answer = await front.client.get(path, allow_redirects=False)
        assert (answer.status == 200) == (name in allowed), f"{name} {path}: {answer.status}"
        assert answer.status in (200, 403, 404)


@pytest.mark.parametrize("user", PEOPLE, ids=lambda user: user.name)
async def test_each_role_does_its_deeds_only(front: Front, user: object) -> None:
    name = getattr(user, "name", "")
    await front.log_in(name)
    for path, allowed in POSTS.items():
        answer = await front.post(path, **(ABSENT if path.endswith("absent") else FORM))
        assert (answer.status == 303) == (name in allowed), f"{name} {path}: {answer.status}"
        assert answer.status in (303, 403, 404)
    assert bool(front.deeds.done) == any(name in allowed for allowed in POSTS.values())


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns/2",
        "/campaigns/2/live",
        "/campaigns/2/unreached",
        "/campaigns/2/report.xlsx",
        "/api/report?campaign=2",
        "/campaigns/1?region=640425100000",
        "/campaigns/1/live?region=640425100201",
        "/campaigns/1/unreached?region=640425000000",
        "/campaigns/1/report.xlsx?region=640425100000",
        "/api/report?region=640425000000",
        "/campaigns/1?region=nonsense",
        "/campaigns/99",
        "/campaigns/9999999999999999999",
    ],
)
async def test_another_region_is_not_there(front: Front, path: str) -> None:
    await front.log_in("wangwa")
    await front.page(path, 404)


async def test_a_township_sees_its_own_figures_of_a_county_campaign(front: Front) -> None:
    await front.log_in("wangwa")
    page = await front.page("/campaigns/1")
    assert "80.0%" in page
    assert "王洼样例一村" in page
    assert "白阳" not in page
    overview = await front.page("/")
    assert "2026年草原生态保护补助" not in overview


async def test_a_township_administrator_cannot_stop_a_county_campaign(front: Front) -> None:
    await front.log_in("baiyang")
    assert 'action="/campaigns/1/cancel"' not in await front.page("/campaigns/1")
    assert (await front.post("/campaigns/3/cancel")).status == 403
    assert (await front.post("/campaigns/2/cancel")).status == 303


async def test_officials_see_no_button_that_changes_anything(front: Front) -> None:
    await front.log_in("lingdao")
    for path in ("/", "/campaigns/1", "/campaigns/2"):
        page = await front.page(path)
        assert page.count("<form") == 1  # the one to log out
    await front.page("/visits", 403)


async def test_names_are_masked_for_all_but_an_officer_s_own_tasks_which_are_audited(front: Front) -> None:
    for name in ("guanli", "shenhe", "baiyang"):
        await front.log_in(name)
        for path in ("/visits", "/campaigns/1/unreached"):
            page = await front.page(path)
            assert not any(known in page for known in ground.NAMES), f"{name} {path}"
    await front.log_in("cunguan")
    page = await front.page("/visits")
    assert any(known in page for known in ground.NAMES)
    assert "白阳样例二村" not in page
    newest = (await latest(front.ledger, 1))[0]
    assert (newest.who, newest.what) == ("cunguan", "visits.shown")
    assert not any(known in newest.detail for known in ground.NAMES)
