"""Which requests the pages of a list take: by a template, by windows of records, or as the page's own script says."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin

from notifier.sources.fetching import Asked, Page
from notifier.sources.web_definitions import CREATE_PAGE, ListDefinition

_PLACES = ("{n}", "{start}", "{end}", "{size}")
_CALL = re.compile(r"createPageHTML\s*\(([^()]*)\)", re.IGNORECASE)
_TYPES = {"form": "application/x-www-form-urlencoded; charset=utf-8", "json": "application/json; charset=utf-8"}


def first_page(definition: ListDefinition) -> Asked:
    """The request for the newest items."""
    return _asked(definition, 0)


def later_pages(definition: ListDefinition, first: Page, text: str) -> Iterator[Asked]:
    """The requests for the pages after `first`, whose decoded body is `text`; at most max_pages in all."""
    if any(place in part for place in _PLACES for part in (definition.url, definition.send or "")):
        yield from (_asked(definition, at) for at in range(1, definition.max_pages))
    elif definition.next_page == CREATE_PAGE:
        for address in _created(text)[: definition.max_pages - 1]:
            yield Asked(urljoin(first.url, address))
    elif definition.next_page:
        for at in range(definition.max_pages - 1):
            yield Asked(urljoin(first.url, _filled(definition, definition.next_page, at, 1)))


def _asked(definition: ListDefinition, at: int) -> Asked:
    url = _filled(definition, definition.url, at, 0)
    if definition.send is None:
        return Asked(url)
    body = _filled(definition, definition.send, at, 0)
    if definition.send_as == "form":
        body = quote(body, safe="=&%+*-._~!'()")
    return Asked(url, {"Content-Type": _TYPES[definition.send_as]}, body.encode())


def _filled(definition: ListDefinition, template: str, at: int, before: int) -> str:
    """A template for the `at`-th page (from 0) of those it is for; `before` pages come before them."""
    start = (at + before) * definition.page_size
    values = (definition.page_from + at, start + 1, start + definition.page_size, definition.page_size)
    for place, value in zip(_PLACES, values, strict=True):
        template = template.replace(place, str(value))
    return template


def _created(text: str) -> list[str]:
    """The addresses of the pages that createPageHTML(5, 0, "list", "html") and its many cousins make."""
    for call in _CALL.finditer(text):
        given = [one.strip().strip("'\"") for one in call[1].split(",")]
        numbers = [at for at, one in enumerate(given) if one.isdigit()]
        names = [one for one in given[numbers[0] :] if not one.isdigit()] if numbers else []
        if numbers and len(names) >= 2:
            n_pages, (name, suffix) = int(given[numbers[0]]), names[:2]
            return [f"{name}_{n}.{suffix.lstrip('.')}" for n in range(1, n_pages)]
    return []
