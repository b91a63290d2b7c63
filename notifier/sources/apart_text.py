"""A process of its own that reads the text of a PDF or Word file on stdin: a hostile file can end no more than this.

Prints one JSON object: {"text": …} or {"end": "password" | "damaged" | "scanned"}. Takes "pdf" or "docx" as argument.
It imports nothing of ours, so that it starts at once.
"""

import contextlib
import io
import json
import logging
import sys
import warnings
import zipfile

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from lxml import etree
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

with contextlib.suppress(ImportError):  # not on Windows, where only the operating system's own limit holds
    import resource

_MOST_BYTES = 1 << 30
_MOST_SECONDS = 60
_MOST_UNPACKED = 200 << 20
_MOST_PAGES = 200
_MOST_TEXT = 400_000
_HOSTILE = (KeyError, IndexError, ValueError, TypeError, AttributeError, RecursionError, AssertionError, OSError)


def main() -> None:
    """The text of the file is on stdout."""
    with contextlib.suppress(NameError, ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    raw = sys.stdin.buffer.read()
    read = {"pdf": _pdf, "docx": _docx}[sys.argv[1]]
    try:
        text = read(raw).strip()[:_MOST_TEXT]
        said = {"text": text} if text else {"end": "scanned"}
    except FileNotDecryptedError:
        said = {"end": "password"}
    except (PyPdfError, PackageNotFoundError, zipfile.BadZipFile, etree.LxmlError, MemoryError, *_HOSTILE):
        said = {"end": "damaged"}
    sys.stdout.write(json.dumps(said))
    sys.stdout.flush()


def _pdf(raw: bytes) -> str:
    reader = PdfReader(io.BytesIO(raw))
    if reader.is_encrypted and not reader.decrypt(""):
        raise FileNotDecryptedError("locked")
    return "\n".join(page.extract_text() for page in reader.pages[:_MOST_PAGES])


def _docx(raw: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED:
            raise zipfile.BadZipFile("too much in it")
    lines: list[str] = []
    for part in Document(io.BytesIO(raw)).iter_inner_content():
        if isinstance(part, Table):
            lines += ["\t".join(cell.text.strip() for cell in row.cells) for row in part.rows]
        else:
            lines.append(part.text)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
