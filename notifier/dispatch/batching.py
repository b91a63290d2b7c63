"""Cutting a chunk's letters into calls; pure."""

from collections.abc import Iterable, Sequence

from notifier.domain.messages import Letter


def batches(letters: Iterable[Letter], size: int, *, one_text: bool = False) -> list[Sequence[Letter]]:
    """Calls of at most `size` letters of one template, no address twice in a call; earlier letters in earlier calls.

    With `one_text` the letters of a call are alike in their parameters too, in value and in order.
    The same number twice in a call would make its receipt ambiguous (providers.md 2.2).
    """
    filling: dict[tuple[str, ...], list[tuple[set[str], list[Letter]]]] = {}
    done: list[Sequence[Letter]] = []
    for letter in letters:
        calls = filling.setdefault(_saying(letter) if one_text else (letter.template,), [])
        for position, (addresses, call) in enumerate(calls):
            if letter.address not in addresses:
                addresses.add(letter.address)
                call.append(letter)
                if len(call) == size:
                    done.append(call)
                    del calls[position]
                break
        else:
            if size == 1:
                done.append([letter])
            else:
                calls.append(({letter.address}, [letter]))
    return done + [call for calls in filling.values() for _, call in calls]


def _saying(letter: Letter) -> tuple[str, ...]:
    return (letter.template, *(part for pair in letter.parameters.items() for part in pair))
