"""What every settings slice is."""

from pydantic import BaseModel, ConfigDict


class Slice(BaseModel):
    """Frozen; an unknown key is an error, so that a misspelt setting is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
