"""A process of its own that reads one workbook and prints its rows: a damaged file can end the reader's process.

Takes a path as its argument, or the file on stdin when it is "-". Prints JSON lines: [sheet, number of the first row,
rows] as often as there is something, then {"end": null}, or {"end": "password" | "damaged" | "empty"}. Dates come as
ISO text. It imports nothing of ours, so that it starts at once.
"""

import contextlib
import io
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

with contextlib.suppress(ImportError):  # not on Windows, where only the operating system's own limit holds
    import resource

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEALED_STREAM = "EncryptedPackage".encode("utf-16-le")
# A stray cell in the last row and column makes the reader ask for terabytes: it must fail here, not the machine.
_MOST_BYTES = 3 << 30
_MOST_UNPACKED = 2 << 30
_ROWS_A_LINE = 500


def main() -> None:
    """The rows of the workbook are on stdout."""
    with contextlib.suppress(NameError, ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    out = sys.stdout.buffer
    end = None
    try:
        for line in _lines(sys.argv[1]):
            out.write(orjson.dumps(line, _written, orjson.OPT_PASSTHROUGH_DATETIME) + b"\n")
    except PasswordError:
        end = "password"
    except (CalamineError, OSError, ValueError, MemoryError, zipfile.BadZipFile):
        end = "damaged"
    except _EndedError as ended:
        end = str(ended)
    out.write(orjson.dumps({"end": end}) + b"\n")
    out.flush()


class _EndedError(Exception):
    """The file cannot be read, for the reason in the text."""


def _lines(place: str) -> Iterator[tuple[str, int, list[list[Any]]]]:
    raw = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    if not raw:
        raise _EndedError("empty")
    if raw.startswith(_OLE) and _SEALED_STREAM in raw:
        raise _EndedError("password")
    if raw.startswith(b"PK") and _unpacked(raw) > _MOST_UNPACKED:
        raise _EndedError("damaged")
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    del raw
    for index, name in enumerate(workbook.sheet_names):
        sheet = workbook.get_sheet_by_index(index)
        number = 1
        rows = sheet.iter_rows()
        while lines := list(islice(rows, _ROWS_A_LINE)):
            yield name, number, [[None if cell == "" else cell for cell in row] for row in lines]
            number += len(lines)


def _unpacked(raw: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        return sum(part.file_size for part in packed.infolist())


def _written(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


if __name__ == "__main__":
    main()
