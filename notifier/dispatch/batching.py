"""Cutting a chunk's letters into calls; pure."""

from collections.abc import Iterable, Sequence

from notifier.domain.messages import Letter


def batches(letters: Iterable[Letter], size: int) -> list[Sequence[Letter]]:
    """Calls of at most `size` letters of one template, no address twice in a call; earlier letters in earlier calls.

    The same number twice in a call would make its receipt ambiguous (providers.md 2.2).
    """
    filling: dict[str, list[tuple[set[str], list[Letter]]]] = {}
    done: list[Sequence[Letter]] = []
    for letter in letters:
        calls = filling.setdefault(letter.template, [])
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
