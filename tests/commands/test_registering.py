"""Households on the command line: found by what is typed and not by an argument, in one's own region, masked."""

from typer.testing import CliRunner

from tests.commands.test_inquiring import line, told

__all__ = ["line"]


def test_a_household_is_found_shown_let_go_and_erased(line: CliRunner) -> None:
    [found] = told(line, "household", "search", "--by", "guanli", typed="样例甲\n")
    assert (found["household_id"], found["name"]) == (1, "样*")
    assert told(line, "household", "search", "--by", "waixiang", typed="样例甲\n") == []
    told(line, "household", "search", "--by", "lingdao", typed="样例甲\n", code=1)
    told(line, "household", "depart", "1", "--by", "waixiang", "--why", "迁走", code=1)
    told(line, "household", "depart", "1", "--by", "guanli", "--why", "样例甲家迁走")
    told(line, "household", "erase", "1", "--by", "guanli", "--why", "本人要求")
    said = told(line, "household", "show", "1", "--by", "guanli")
    assert said["state"] == "erased"
    assert "样*家迁走" in str(said["story"])
    assert "样例甲" not in str(said)
