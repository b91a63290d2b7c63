"""Reading a page aloud by an engine on this machine, for browsers that have no voice of their own."""

import asyncio
import hashlib
import shutil
from collections import OrderedDict
from contextlib import suppress

ENGINE = "espeak-ng"
_PATIENCE_S = 20
_KEPT = 32
_AT_ONCE = 2
_LONGEST = 1500


class Voice:
    """Speaks Mandarin through an engine, if there is one; what was spoken lately is kept in memory, never on disk."""

    def __init__(self, engine: str = ENGINE) -> None:
        self._path = shutil.which(engine)
        self._spoken: OrderedDict[bytes, bytes] = OrderedDict()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def is_there(self) -> bool:
        """Whether there is an engine: without one no page offers to be read by it."""
        return self._path is not None

    async def spoken(self, words: str) -> bytes | None:
        """The words as a WAV; None without an engine, or when it fails. What is too long is cut."""
        if self._path is None:
            return None
        words = words[:_LONGEST]
        key = hashlib.sha256(words.encode()).digest()
        if key not in self._spoken:
            async with self._turn:
                sound = await self._speak(words)
            if sound is None:
                return None
            self._spoken[key] = sound
        self._spoken.move_to_end(key)
        while len(self._spoken) > _KEPT:
            self._spoken.popitem(last=False)
        return self._spoken[key]

    async def _speak(self, words: str) -> bytes | None:
        # The words go by standard input: arguments show in the list of processes.
        engine = await asyncio.create_subprocess_exec(
            str(self._path),
            *("-v", "cmn", "-s", "140", "--stdout", "--stdin"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_PATIENCE_S):
                sound, _ = await engine.communicate(words.encode())
        except TimeoutError:
            with suppress(ProcessLookupError):
                engine.kill()
            await engine.wait()
            return None
        return sound if engine.returncode == 0 and sound.startswith(b"RIFF") else None
