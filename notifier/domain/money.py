"""Money as integer fen, areas as Decimal 亩; text forms only at the edge."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_YUAN = re.compile(r"[+-]?\d+(\.\d+)?")


def fen(text: str, *, unit: str = "元") -> int:
    """The amount in fen of "1,234.50", "¥12.5元", "0.12万元" (a unit in the text wins over `unit`).

    Half a fen rounds up. Raises ValueError, without the text in it, when it is not an amount.
    """
    cleaned = text.strip().replace(",", "").replace("\uff0c", "").replace(" ", "").lstrip("\u00a5\uffe5")
    if cleaned.endswith(("万元", "万")):
        cleaned, unit = cleaned.removesuffix("元").removesuffix("万"), "万元"
    cleaned = cleaned.removesuffix("元")
    if not _YUAN.fullmatch(cleaned):
        raise ValueError("not an amount of money")
    try:
        value = Decimal(cleaned) * (1_000_000 if unit == "万元" else 100)
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    except InvalidOperation:
        raise ValueError("an amount of money with too many digits") from None


def yuan(amount_fen: int) -> str:
    """ "1234.50": two decimals, no separator, no unit."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{cents:02d}"


def plain(number: Decimal) -> str:
    """A Decimal without exponent and without trailing zeros: "12.5", "300"."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def product_agrees(area_mu: Decimal, standard_fen: int, amount_fen: int) -> bool:
    """area × standard, rounded to fen, = amount within one fen: files round up, down and half up (domain B.2)."""
    product = (area_mu * standard_fen).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return abs(product - amount_fen) <= 1
