"""How long a text is to a carrier, and what it is billed as."""


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def n_segments(text: str) -> int:
    """Billed segments of the final text, signature included: 70 in one, 67 in each of several."""
    length = utf16_length(text)
    return 1 if length <= 70 else -(-length // 67)
