"""Notice texts from config, linted when they are loaded."""

import tomllib
from pathlib import Path
from string import Formatter

from pydantic import ValidationError

from notifier.domain.errors import ConfigError
from notifier.domain.messages import By
from notifier.domain.texts import FACTS, VARIABLE, Text, Texts


def load_texts(path: Path) -> Texts:
    """Every text of the file. Raises ConfigError naming section, variable and mend."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"compose.texts_file {path.name}: cannot be read ({error})") from None
    return {
        kind: {gateway: _sendable(kind, gateway, fields) for gateway, fields in sections.items()}
        for kind, sections in content.items()
    }


def _sendable(kind: str, gateway: str, fields: object) -> Text:
    one = _checked(section := f"[{kind}.{gateway}]", fields)
    due = By.SUBSCRIPTION if (kind, gateway) == ("policy", "wechat") else By.TEMPLATE
    if one.by is not due:
        raise ConfigError(
            f'texts {section} by: must be "{due}"; WeChat allows template messages for payment results only, '
            "and a policy goes by long-term subscription"
        )
    return one


def _checked(section: str, fields: object) -> Text:
    try:
        one = Text.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"texts {section} {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    used, filled = set(VARIABLE.findall(one.content)), set(one.variables)
    if used != filled:
        odd = ", ".join(sorted(used ^ filled))
        raise ConfigError(f"texts {section}: content and variables must name the same variables; differs: {odd}")
    for variable, pattern in one.variables.items():
        unknown = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None} - FACTS
        if unknown:
            raise ConfigError(
                f"texts {section} variables.{variable}: unknown fact {', '.join(sorted(unknown))}; "
                f"known are {', '.join(sorted(FACTS))}"
            )
    if stray := (set(one.cut) | set(one.most)) - filled:
        raise ConfigError(f"texts {section}: cut and most name unknown variables {', '.join(sorted(stray))}")
    return one
