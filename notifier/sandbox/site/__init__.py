"""A small government site that is not real: policy lists as the county's own site lays them out, and a feed.

Takes: a `SiteState`, opened with invented old notices. Leaves: pages, a feed, and levers to publish more.
Invariant: a notice stands on exactly one list and in the feed, at an address that holds its date.
Never: a copied text, a real telephone, a date in the future.
"""

from notifier.sandbox.site.articles import Article, SiteState, UnknownArticle
from notifier.sandbox.site.server import build_site

__all__ = ["Article", "SiteState", "UnknownArticle", "build_site"]
