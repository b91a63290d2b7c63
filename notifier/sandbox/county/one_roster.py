"""One workbook of any size, all on one sheet: for measuring how an import bears it."""

import random
from pathlib import Path

from notifier.sandbox.county.handwriting import Clerk
from notifier.sandbox.county.people import build_county
from notifier.sandbox.county.roster_forms import FORMS
from notifier.sandbox.county.roster_rows import household_cells, person_cells
from notifier.sandbox.county.workbooks import XlsxBook

_FORM = FORMS["王洼镇"][0]
_PEOPLE_PER_HOUSEHOLD = 3


def write_one_roster(path: Path, n_rows: int, seed: int = 2026) -> int:
    """A workbook of `n_rows` good rows, a row a person; how many households they are (the last may be cut short).

    Memory stays small however many rows. The same numbers give the same cells.
    """
    clerk, book = Clerk(random.Random(f"{seed}/one")), XlsxBook(path, streaming=True)
    book.start_sheet("全县")
    book.title("彭阳县农户花名册", len(_FORM.columns))
    book.row([header for _, header in _FORM.columns])
    n_written = n_households = 0
    for home in build_county(seed, n_rows // _PEOPLE_PER_HOUSEHOLD + 1).households():
        people = home.people[: n_rows - n_written]
        if not people:
            break
        n_households += 1
        shared = household_cells(clerk, home, n_households)
        for person in people:
            cells = shared | person_cells(clerk, home, person)
            book.row([cells.get(field) for field in _FORM.fields])
        n_written += len(people)
    book.close()
    return n_households
