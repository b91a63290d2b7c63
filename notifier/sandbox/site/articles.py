"""What the policy site says: its texts, when each was published, and which still wait."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_FIRST_NUMBER = 4_510_001
_TOLD = ("slug", "column", "title", "doc_number", "issuer", "topic", "audience")


@dataclass(frozen=True, slots=True)
class Article:
    """One notice. `topic` and `audience` are what a reader should find out; they stand on no page."""

    slug: str
    column: str
    title: str
    doc_number: str
    issuer: str
    topic: str
    audience: str
    paragraphs: tuple[str, ...]
    number: int = 0
    published_on: date | None = None

    @property
    def address(self) -> str:
        """Where it lies below its column, as the CMS lays it: month / t + day + number."""
        assert self.published_on is not None
        return f"{self.published_on:%Y%m}/t{self.published_on:%Y%m%d}_{self.number}.html"

    def published(self, on: date, number: int) -> "Article":
        """The same notice as it reads once published on that day under that number."""
        year = str(on.year)
        return replace(
            self,
            title=self.title.replace("{year}", year),
            doc_number=self.doc_number.replace("{year}", year),
            paragraphs=tuple(p.replace("{year}", year) for p in self.paragraphs),
            number=number,
            published_on=on,
        )


class UnknownArticle(LookupError):
    """没有这样的文章，或者它已经发布"""


@cache
def _policies() -> tuple[tuple[Article, int | None], ...]:
    source = files("notifier.sandbox.site").joinpath("policies.toml").read_text("utf-8")
    return tuple(_policy(dict(row)) for row in tomllib.loads(source)["policy"])


def _policy(row: dict[str, str | int]) -> tuple[Article, int | None]:
    days_ago = row.pop("days_ago", None)
    paragraphs = tuple(str(row.pop("text")).strip().splitlines())
    slug, column, title, doc_number, issuer, topic, audience = (str(row[name]) for name in _TOLD)
    article = Article(slug, column, title, doc_number, issuer, topic, audience, paragraphs)
    return article, None if days_ago is None else int(days_ago)


def today_in_china() -> date:
    """The civil date in Asia/Shanghai."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


class SiteState:
    """What is published, newest first, what waits, and how the site misbehaves.

    It opens with the old texts dated back from `today()`, so that none ever lies in the future.
    """

    def __init__(self, today: Callable[[], date] = today_in_china) -> None:
        self._today = today
        self._next_number = _FIRST_NUMBER
        self.articles: list[Article] = []
        self.waiting: dict[str, Article] = {}
        # the next `fail_times` pages answer with `fail_status`
        self.fail_status = 500
        self.fail_times = 0
        # the lists come without items, as after a redesign
        self.blank = False
        for article, days_ago in _policies():
            if days_ago is None:
                self.waiting[article.slug] = article
            else:
                self.add(article, today() - timedelta(days=days_ago))

    def add(self, article: Article, on: date | None = None) -> Article:
        """The article is on its list and in the feed, dated `on` (today when None); gives it as published."""
        published = article.published(on or self._today(), self._next_number)
        self._next_number += 1
        self.articles.append(published)
        self.articles.sort(key=_newest_first)
        return published

    def publish(self, slug: str | None = None) -> list[Article]:
        """The waiting article `slug`, or all that wait, are published today. Raises UnknownArticle for any other."""
        if slug is not None and slug not in self.waiting:
            raise UnknownArticle(f"没有等待发布的文章“{slug}”，现有：{'、'.join(self.waiting) or '无'}")
        slugs = [slug] if slug else list(self.waiting)
        return [self.add(self.waiting.pop(name)) for name in slugs]

    def republish(self, slug: str) -> Article:
        """The published article stands once more at a new address, as after a move. Raises UnknownArticle."""
        for article in self.articles:
            if article.slug == slug:
                return self.add(article, article.published_on)
        raise UnknownArticle(f"没有已经发布的文章“{slug}”")

    def in_column(self, column: str) -> list[Article]:
        """The column's articles, newest first."""
        return [article for article in self.articles if article.column == column]


def _newest_first(article: Article) -> tuple[int, int]:
    assert article.published_on is not None
    return -article.published_on.toordinal(), -article.number
