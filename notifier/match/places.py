"""Which region a text means: the village of a payment line, the area that an issuer speaks for; pure."""

from collections.abc import Iterable, Mapping, Sequence

from notifier.domain.regions import level_of

_VILLAGE_END = "村"


def village_places(texts: Iterable[str], tree: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """(text, code) for every village that a text can mean; a text that names no known village has no pair.

    `tree` is names by code. A township before the village narrows it: 白阳镇姚河村; 村 at the end may be missing.
    """
    villages: dict[str, list[str]] = {}
    for code, name in tree.items():
        if level_of(code) == "village":
            township = tree.get(_township_of(code), "")
            for written in {name, name.removesuffix(_VILLAGE_END)}:
                villages.setdefault(written, []).append(code)
                villages.setdefault(township + written, []).append(code)
    return [(text, code) for text in texts for code in villages.get(text) or villages.get(_bare(text)) or ()]


def renamed_places(
    texts: Iterable[str], aliases: Mapping[str, Sequence[str]], tree: Mapping[str, str]
) -> Sequence[tuple[str, str]]:
    """(text, code) for every region that a text means by an old or other name, with or without its township before."""
    meant: dict[str, list[str]] = {}
    for alias, codes in aliases.items():
        for code in codes:
            for before in {"", tree.get(_township_of(code), "")}:
                meant.setdefault(_bare(before + alias), []).append(code)
    return [(text, code) for text in texts for code in dict.fromkeys(meant.get(_bare(text), ()))]


def _bare(text: str) -> str:
    return "".join(text.split()).removesuffix(_VILLAGE_END)


def _township_of(code: str) -> str:
    return f"{code[:9]}000"


def region_of_issuer(issuer: str | None, own: str | None, tree: Mapping[str, str]) -> str | None:
    """The code of the area that a policy is for: the longest region name in its issuer, else its source's own region,
    else the county of the tree; None in an empty ledger."""
    named = [
        (len(name), code) for code, name in tree.items() if issuer and name in issuer and level_of(code) != "village"
    ]
    if named:
        return max(named)[1]
    if own is not None:
        return own
    return next((code for code in tree if level_of(code) == "county"), None)
