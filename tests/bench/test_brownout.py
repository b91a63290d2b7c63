"""The benchmark of a brownout shows what happens to a gateway's share: short here."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.benchmarks import brownout
from scripts.benchmarks.brownout import AT_ONCE, Phase
from scripts.benchmarks.share_picture import svg

SHORT = (
    Phase("well", 1, AT_ONCE),
    Phase("slow", 2, {"latency": [0.6, 0.6]}),
    Phase("bad", 2, AT_ONCE | {"rates": {"http_500": 1.0}}),
    Phase("well", 26, {"rates": {}}),
)


@pytest.mark.timeout(180)
def test_a_slow_and_then_bad_gateway_gives_points_away_and_has_them_back(tmp_path: Path) -> None:
    run = brownout.run("sqlite", tmp_path, SHORT, chunks_a_tick=2)
    assert (run.n_received, run.n_twice) == (run.n_households, 0)
    assert run.is_right
    by_phase = {phase: [one.share for one in run.minutes if one.phase == phase] for phase in ("slow", "bad")}
    assert by_phase["slow"][-1] < 50
    assert min(by_phase["bad"]) < by_phase["slow"][-1]
    whys = " ".join(why for one in run.minutes for why in one.whys)
    for why in ("超过 0.5 秒", "暂停使用", "探测成功", "回调"):
        assert why in whys
    assert f"{run.n_households:,} received, 0 twice: right" in brownout.table(run)
    assert not replace(run, n_twice=1).is_right
    picture = ElementTree.fromstring(svg(run))
    assert len(picture.findall(".//{*}circle")) >= 1
