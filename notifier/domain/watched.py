"""How a watched source fares, as people are told."""

from enum import StrEnum


class SourceState(StrEnum):
    """What a source needs, the gravest first."""

    DRIFT = "drift"
    """改版: its list shrank so much that it is watched wrongly, until a person says that this is its new length."""
    PERSON = "person"
    """需人工: the site answers browsers only; news may stand there that no look sees."""
    FAILING = "failing"
    """失败: the latest look failed or was not whole."""
    WELL = "well"
    """正常."""

    @property
    def says(self) -> str:
        """The state in Chinese."""
        return {"drift": "疑似改版", "person": "需人工查看", "failing": "失败", "well": "正常"}[self.value]
