"""Recorded facts of each provider, from its samples folder."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def sample(provider: str, name: str) -> Any:
    return json.loads((_HERE / provider / "samples" / f"{name}.json").read_text())


def papers_of(provider: str) -> list[str]:
    """The names of its exam papers: one, and one more for each further kind of message."""
    return sorted(path.stem for path in (_HERE / provider / "samples").glob("exam*.json"))
