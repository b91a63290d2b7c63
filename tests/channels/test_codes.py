"""Codes are data: a shipped table, a county's own over it, and a clear sentence for a bad one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notifier.channels.code_classes import BOUNDS, Class, Kind
from notifier.channels.codes import CARRIERS, COLUMNS, read_codes, read_sms_codes, until_midnight
from notifier.domain.errors import ConfigError
from notifier.domain.outcomes import Postponed, Reason, Refused, Scope, Unsure
from tests.channels.doubles import MORNING

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "notifier/channels").glob("*/codes.csv"))
HEADER = ",".join(COLUMNS)


def _table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = folder / "codes.csv"
    file.write_text("\n".join((HEADER, *lines)), encoding=encoding)
    return file


@pytest.mark.parametrize("file", [*SHIPPED, CARRIERS], ids=lambda file: file.parent.name)
def test_each_shipped_table_can_be_read_and_holds_no_code_twice(file: Path) -> None:
    read_codes(file, None)
    codes = [line.split(",")[0] for line in file.read_text().splitlines()]
    assert len(codes) == len(set(codes)) > 5


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.name)
def test_the_example_of_a_countys_own_table_changes_nothing_until_its_rows_are_uncommented(file: Path) -> None:
    example = ROOT / "config/codes" / f"{file.parent.name}.csv"
    assert vars(read_codes(file, example)) == vars(read_codes(file, None))
    uncommented = "\n".join(line.removeprefix("# ") for line in example.read_text().splitlines() if ",," in line)
    assert uncommented.count("\n") >= 0
    assert all(len(line.split(",")) == len(COLUMNS) for line in uncommented.splitlines())


def test_the_exact_row_wins_then_the_longest_beginning_then_unknown(tmp_path: Path) -> None:
    codes = read_codes(
        _table(tmp_path, "A.*,A,refused,account,gateway,,,", "A.B*,S,unsure,,,,,", "A.BC,P,refused,number,blocked,,,"),
        None,
    )
    now = MORNING
    assert codes.outcome("A.BC", now) == Refused("A.BC", Scope.NUMBER, Reason.BLOCKED)
    assert codes.outcome("A.BD", now) == Unsure("A.BD")
    assert codes.outcome("A.X", now) == Refused("A.X", Scope.ACCOUNT, Reason.GATEWAY)
    assert codes.outcome("Z", now) == Refused("Z", Scope.MESSAGE, Reason.UNKNOWN)


def test_a_countys_row_replaces_the_shipped_one_and_no_other(tmp_path: Path) -> None:
    own = _table(tmp_path, "# 说明", "", "MK:0000,P,failed,,dead_number,,,", encoding="gb18030")
    shipped = ROOT / "notifier/channels/aliyun_sms/codes.csv"
    assert read_sms_codes(shipped, None).reason("MK:0000") is Reason.UNKNOWN
    assert read_sms_codes(shipped, own).reason("MK:0000") is Reason.DEAD_NUMBER
    assert read_sms_codes(shipped, own).reason("MK:0001") is Reason.DEAD_NUMBER


def test_a_channels_row_wins_over_what_the_carriers_mean_by_the_code(tmp_path: Path) -> None:
    shipped = _table(tmp_path, "MK:0001,P,failed,,blocked,,,")
    assert read_sms_codes(shipped, None).reason("MK:0001") is Reason.BLOCKED
    assert read_sms_codes(shipped, None).reason("MK:0005") is Reason.SUSPENDED
    assert read_codes(shipped, None).reason("MK:0005") is Reason.UNKNOWN


@pytest.mark.parametrize(
    ("line", "wording"),
    [
        ("X,P,refuse,,,,,", "kind 是“refuse”"),
        ("X,C,refused,everyone,,,,", "scope 是“everyone”"),
        ("X,P,refused,,空号,,,", "reason 是“空号”"),
        ("X,L,postponed,,,soon,,", "delay 是“soon”"),
        ("X,L,postponed,,,99999999,,", "delay 是“99999999”"),
        ("X,Q,,,,,,", "class 是“Q”"),
        ("X,,refused,,,,,", "class 是“”"),
        ("X,T,refused,,,,,", "kind 是“refused”，与类别 T 不符"),
        ("X,P,,account,,,,", "scope 是“account”，与类别 P 不符"),
        ("X,C,,,dead_number,,,", "reason 是“dead_number”，与类别 C 不符"),
        ("X,P,refused", "应有 8 列"),
        (",P,refused,,,,,", "状态码不为空"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_mend(tmp_path: Path, line: str, wording: str) -> None:
    file = _table(tmp_path, "OK,P,refused,,,,,", line)
    with pytest.raises(ConfigError) as caught:
        read_codes(file, None)
    assert str(file) in str(caught.value)
    assert "第 3 行" in str(caught.value)
    assert wording in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"code,class,kind\n", b"\xff\xff\xff"])
def test_a_table_that_is_missing_or_is_none_is_a_config_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "codes.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"codes\.csv"):
        read_codes(file, None)


def test_midnight_is_beijings_and_five_minutes_past() -> None:
    assert until_midnight(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == timedelta(minutes=6)
    assert until_midnight(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == timedelta(days=1, minutes=5)


def test_a_daily_quota_waits_for_midnight(tmp_path: Path) -> None:
    codes = read_codes(_table(tmp_path, "Q,L,postponed,account,limited,midnight,,"), None)
    assert codes.outcome("Q", MORNING) == Postponed("Q", until_midnight(MORNING))
    assert codes.of("Q").kind is Kind.POSTPONED


def test_a_row_of_code_and_class_alone_means_what_its_class_means(tmp_path: Path) -> None:
    codes = read_codes(_table(tmp_path, *(f"{one}:1,{one},,,,,," for one in Class)), None)
    assert codes.outcome("P:1", MORNING) == Refused("P:1", Scope.NUMBER, Reason.DEAD_NUMBER)
    assert codes.outcome("C:1", MORNING) == Refused("C:1", Scope.MESSAGE, Reason.CONTENT)
    assert codes.outcome("A:1", MORNING) == Refused("A:1", Scope.ACCOUNT, Reason.GATEWAY)
    assert codes.outcome("L:1", MORNING) == Postponed("L:1", timedelta(hours=1))
    assert [codes.reason(f"{one}:1") for one in "TUS"] == [Reason.SWITCHED_OFF, Reason.UNKNOWN, Reason.GATEWAY]
    assert codes.of("never heard of").of_class is Class.UNKNOWN


def test_only_what_is_permanent_can_count_a_number_as_dead_and_only_content_can_pause_for_its_text() -> None:
    assert [one for one in Class if Reason.DEAD_NUMBER in BOUNDS[one].reasons] == [Class.PERMANENT]
    assert [one for one in Class if Reason.CONTENT in BOUNDS[one].reasons] == [Class.CONTENT]
    assert all(Scope.ACCOUNT in BOUNDS[one].scopes for one in Class if Kind.TOKEN in BOUNDS[one].kinds)
