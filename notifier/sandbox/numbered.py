"""Texts whose variables are numbered: the template with {1}, {2} … and an ordered list of values."""

import re
from collections.abc import Sequence

from pydantic import Field

from notifier.sandbox.frozen import Frozen

_VARIABLE = re.compile(r"\{(\d+)\}")


class NumberedTemplate(Frozen):
    """A template whose variables are numbered, as Tencent and MAS write them."""

    template_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")
    """Its id."""
    content: str = Field(min_length=1, max_length=500)
    """Text with {1}, {2} … and without the signature."""
    approved: bool = True
    """Only an approved template sends."""


def n_variables(content: str) -> int:
    """How many values the text takes: as many as its highest number says."""
    return max((int(number) for number in _VARIABLE.findall(content)), default=0)


def filled(content: str, values: Sequence[str]) -> str:
    """The text with each {n} replaced by the n-th value; there are enough of them."""
    return _VARIABLE.sub(lambda found: values[int(found[1]) - 1], content)
