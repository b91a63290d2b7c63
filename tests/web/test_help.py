"""Every screen has a help page, and every help page a screen."""

import pytest

from notifier.web.application import ROUTES
from notifier.web.help_texts import help_for, help_pages
from notifier.web.navigation import PLACES, Place


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.path)
def test_every_place_of_the_navigation_has_a_help_page(place: Place) -> None:
    assert help_for(place.path) is not None


def test_every_help_page_belongs_to_a_screen_that_is_there() -> None:
    paths = {route.path for routes in ROUTES for route in routes}
    places = [at for page in help_pages().values() for at in page.at]
    assert [at for at in places if not any(path == at or path.startswith(f"{at}/") for path in paths)] == []


def test_the_longest_place_that_fits_wins() -> None:
    assert help_for("/campaigns/7/unreached") == "/help/campaign"
    assert help_for("/") == "/help/overview"
    assert help_for("/help/visits") is None
    assert help_for("/visitsx") is None
