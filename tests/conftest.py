"""What every test may ask for: real databases, a real broker, a real browser; and no way off this machine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from notifier.store.migrate import upgrade
from tests.loopback_only import refuse_the_world
from tests.real_nats import a_real_nats
from tests.real_postgres import RealPostgres, a_real_postgres, settle

# Shared, slow cores: a deadline for each example would only measure the neighbours.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
    # On CI the same examples every time: a red run means a change. At a desk new ones, so that faults are found.
    derandomize=bool(os.environ.get("CI")),
)
hypothesis.settings.load_profile("house")
refuse_the_world()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="keep the browser tests' screenshots in this folder")


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots: DIR of `--screenshots DIR`, else one that is thrown away."""
    wanted: str | None = request.config.getoption("--screenshots")
    if wanted is None:
        return tmp_path_factory.mktemp("screenshots")
    folder = Path(wanted).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a chromium. Without one the test is skipped - on CI it fails, since nobody reads skips there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI"):
        pytest.fail("chromium is missing: scripts/test installs it on Debian when run as root")
    if found is None:
        pytest.skip("no chromium here; on Debian: apt-get install chromium fonts-noto-cjk")
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[RealPostgres]:
    """A running PostgreSQL; ask for `postgres_url` unless you need several databases."""
    with a_real_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: RealPostgres) -> Iterator[str]:
    """An empty database of the test's own: no tables."""
    database = postgres.create()
    yield postgres.url(database)
    postgres.drop(database)


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JetStream shared by all tests: name your own stream, and delete it if it would be in another's way."""
    with a_real_nats(tmp_path_factory.mktemp("nats")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite ledger to copy from, never to write to."""
    file = tmp_path_factory.mktemp("ledger") / "template.db"
    settle(upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres: RealPostgres) -> str:
    """The name of a migrated PostgreSQL ledger to copy from, never to write to."""
    database = postgres.create()
    settle(upgrade(postgres.url(database)))
    return database


@pytest.fixture
def sqlite_ledger_url(migrated_file: Path, tmp_path: Path) -> str:
    """An empty migrated SQLite ledger of the test's own."""
    for part in migrated_file.parent.glob(f"{migrated_file.name}*"):  # with its -wal, should it have one
        shutil.copy(part, tmp_path / part.name.replace("template", "ledger"))
    return f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgres_ledger_url(postgres: RealPostgres, migrated_database: str) -> Iterator[str]:
    """An empty migrated PostgreSQL ledger of the test's own."""
    database = postgres.create(template=migrated_database)
    yield postgres.url(database)
    postgres.drop(database)


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated ledger of the test's own; the test runs once on each database."""
    url: str = request.getfixturevalue(f"{request.param}_ledger_url")
    return url
