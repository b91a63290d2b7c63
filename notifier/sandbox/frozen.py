"""The pieces that the settings of every stand-in gateway are made of."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Duration = Annotated[timedelta, Field(ge=timedelta(0))]
MountPath = Annotated[str, Field(pattern=r"^/([A-Za-z0-9._-]+/)+$")]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def no_repeats(where: str, names: Iterable[str]) -> None:
    """Raises ValueError, for pydantic to tell, that names what is there twice."""
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise ValueError(f"{where} 中重复：{'、'.join(repeated)}")
