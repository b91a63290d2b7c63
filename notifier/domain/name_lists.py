"""A row of an uploaded list of persons (名单), as a clerk writes it: whom it means; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifier.domain.errors import InputError
from notifier.domain.identity import normal_group, normal_name, read_id, says_nothing, unswapped, written
from notifier.domain.rule_forms import LONGEST_NAME


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Whom a row means: by household number, by id, or by name and village; one of the three is there."""

    household_number: str | None = field(repr=False)
    id_number: str | None = field(repr=False)
    name: str | None = field(repr=False)
    group: str | None


def list_name(text: str) -> str:
    """The name of a list. Raises InputError for one that a rule could not say."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"名单名称须为1至{LONGEST_NAME}个字；例如：2026危房名单")
    return name


def read_person(cells: Mapping[str, object], number: str | None) -> ListedPerson:
    """The row, read; `number` is its household's. Raises InputError: nobody in it, or an id that is none."""
    cells = unswapped(cells)
    name = normal_name(written(cells.get("name"))) or None
    id_number = None if says_nothing(cells.get("id")) else read_id(cells["id"]).value
    if not (number or name or id_number):
        raise InputError("缺少姓名、身份证号或户编号；请补填其中一项")
    return ListedPerson(number, id_number, name, normal_group(cells.get("group")))
