"""Killed again and again while its gateway misbehaves, the service loses nobody and tells nobody twice: short here."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.benchmarks import chaos, fates
from scripts.benchmarks.apart import run_in_loop
from scripts.benchmarks.chaos import Survived, Terms
from scripts.benchmarks.trials import TRIALS, lay_ground

WINDOW = timedelta(seconds=15)


def survive(gateway: str, database: str, n_households: int, n_kills: int, folder: Path) -> Survived:
    (one,) = chaos.run([gateway], [database], Terms(n_households, n_kills, WINDOW), folder)
    return one


def lose_one_and_double_one(record: Path) -> None:
    with closing(sqlite3.connect(record)) as connection, connection:
        connection.execute("DELETE FROM handset_record WHERE id = (SELECT MIN(id) FROM handset_record)")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(handset_record)") if row[1] != "id"]
        listed = ", ".join(columns)
        again = f"SELECT {listed} FROM handset_record ORDER BY id DESC LIMIT 1"
        connection.execute(f"INSERT INTO handset_record ({listed}) {again}")


@pytest.mark.timeout(240)
def test_an_sms_campaign_survives_ten_kills_and_a_lost_or_doubled_letter_would_be_seen(tmp_path: Path) -> None:
    n = 1_500
    one = survive("aliyun_sms", "sqlite", n, 10, tmp_path)
    found = one.found
    assert (found.n_lost, found.n_duplicates, found.n_unsettled) == (0, 0, 0), chaos.table([one])
    assert one.is_right, chaos.table([one])
    assert (found.n_on_handsets, found.n_reached + found.n_unreached) == (n, n)
    assert (one.kills.n_kills, one.kills.n_while_sending > 0) == (10, True)
    assert chaos.table([one]).endswith("right")

    place = tmp_path / "aliyun_sms-sqlite"
    lose_one_and_double_one(place / "handsets.sqlite3")
    ground = lay_ground(place, f"sqlite+aiosqlite:///{place / 'ledger.db'}", WINDOW)
    seen = run_in_loop(fates.fates(TRIALS["aliyun_sms"], ground, place / "handsets.sqlite3", n))
    assert (seen.n_lost, seen.n_duplicates, seen.n_claimed, seen.n_unproved) == (1, 1, 1, 2)


@pytest.mark.timeout(240)
def test_template_messages_survive_kills_on_a_real_postgres(tmp_path: Path) -> None:
    one = survive("wechat", "postgres", 300, 4, tmp_path)
    assert (one.found.n_lost, one.found.n_duplicates, one.found.n_unsettled) == (0, 0, 0), chaos.table([one])
    assert one.is_right, chaos.table([one])
    assert one.found.n_on_handsets == 300
