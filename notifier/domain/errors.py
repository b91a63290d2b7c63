"""The tree of errors, by whose fault it is.

NotifierError
├── ConfigError        ours, found at the start; the sentence names the key and the mend
├── InputError         the user's file, form or command; says what, where and how to mend it
├── SourceError        a watched source failed; temporary or not
│   └── NeedsPerson    it will not answer a program: somebody has to look with a browser
├── BusError           the broker did not take what it was given
├── ProviderNonsense   a provider replied outside its own contract
├── SealError          a sealed value cannot be opened with the keys at hand
└── TransitionError    a life cycle was asked for an edge it does not have

What a provider is expected to answer is an Outcome (see `outcomes`), never an exception.
"""

from datetime import timedelta


class NotifierError(Exception):
    """Something went wrong in the notifier."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or type(self).__name__).splitlines()[0])


class ConfigError(NotifierError):
    """A setting is wrong; the message names the key, the value's fault and the mend."""


class InputError(NotifierError):
    """What a person handed in cannot be used; the message (Chinese) says what, where and how to mend it."""


class SourceError(NotifierError):
    """A watched source could not be read."""

    def __init__(self, message: str, *, temporary: bool = True, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.retry_after = retry_after


class NeedsPerson(SourceError):
    """A watched source will not answer a program; it may have news that only a person can see."""

    def __init__(self, message: str) -> None:
        super().__init__(message, temporary=False)


class BusError(NotifierError):
    """The broker did not take what it was given; the ledger may."""


class ProviderNonsense(NotifierError):
    """A provider replied outside its own contract; the message carries a redacted sample."""


class SealError(NotifierError):
    """A sealed value cannot be opened: wrong key, wrong row, or a damaged value."""


class TransitionError(NotifierError):
    """A life cycle was asked for an edge that it does not have."""
