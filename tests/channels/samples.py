"""Recorded facts of each provider, from its samples folder."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def sample(provider: str, name: str) -> Any:
    return json.loads((_HERE / provider / "samples" / f"{name}.json").read_text())
