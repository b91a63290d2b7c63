"""Lines of a workbook file, sheet by sheet, whatever its format: .xlsx, .xls, or .csv in UTF-8 or GB18030."""

import codecs
import csv
import io
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from notifier.domain.errors import InputError

Cell = str | float | int | bool | None
_READER = Path(__file__).with_name("apart.py")
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_BOOK_SUFFIXES = frozenset((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et"))
_PIECE = 1 << 20
_DELIMITERS = ",\t;"
_ENCODINGS = ("utf-8-sig", "gb18030")
_ENDS = {
    "password": "设有打开密码;请在表格软件中取消密码后重新上传",
    "empty": "是空文件;请重新导出后上传",
    "damaged": "已损坏或不完整;请用表格软件打开后另存为 .xlsx 再上传",
    "crashed": "已损坏,或表格末尾有多余的远端单元格;请删除表格外的空行空列并另存为 .xlsx 再上传",
}


class Line(NamedTuple):
    """One line of a sheet. `number` counts from 1 as a spreadsheet does; a csv has the sheet ''."""

    sheet: str
    number: int
    cells: list[Cell]


def read_lines(source: Path | bytes, name: str) -> Generator[Line, None, None]:
    """Every line of every sheet in order; empty lines come too.

    Dates come as ISO text. Raises InputError (Chinese, naming the file) when it is empty, damaged, locked by a
    password, or not what its name says. Close the iterator when you leave early.
    """
    with _opened(source) as file:
        head = file.read(8)
    if not head:
        raise InputError(f"文件「{name}」{_ENDS['empty']}")
    if head.startswith(_BOOKS):
        return _book_lines(source, name)
    if Path(name).suffix.lower() in _BOOK_SUFFIXES:
        raise InputError(
            f"文件「{name}」不是真正的表格文件(内容是文本或网页,只改了扩展名);请用表格软件打开后另存为 .xlsx 再上传"
        )
    return _text_lines(source, name)


def _opened(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _book_lines(source: Path | bytes, name: str) -> Generator[Line, None, None]:
    place, given = ("-", subprocess.PIPE) if isinstance(source, bytes) else (str(source.resolve()), subprocess.DEVNULL)
    end = "crashed"
    with subprocess.Popen(
        (sys.executable, "-I", str(_READER), place),
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reader:
        assert reader.stdout is not None
        try:
            if isinstance(source, bytes) and reader.stdin is not None:
                _hand_over(source, reader.stdin)
            for raw in reader.stdout:
                said: Any = orjson.loads(raw)
                if isinstance(said, dict):
                    end = said["end"]
                    break
                sheet, first, rows = said
                for number, cells in enumerate(rows, first):
                    yield Line(sheet, number, cells)
        finally:
            reader.kill()
    if end is not None:
        raise InputError(f"文件「{name}」{_ENDS[end]}")


def _hand_over(content: bytes, pipe: IO[bytes]) -> None:
    try:
        with pipe:
            pipe.write(content)
    except BrokenPipeError:
        # it died on what it was given; its missing end says so
        return


def _text_lines(source: Path | bytes, name: str) -> Generator[Line, None, None]:
    encoding = _encoding(source, name)
    with _opened(source) as file, io.TextIOWrapper(file, encoding, newline="") as text:
        start = text.read(4096)
        text.seek(0)
        delimiter = max(_DELIMITERS, key=start.count)
        try:
            for number, row in enumerate(csv.reader(_without_nul(text), delimiter=delimiter), 1):
                yield Line("", number, [cell or None for cell in row])
        except csv.Error:
            raise InputError(f"文件「{name}」不是规范的 CSV 文本;请用表格软件打开后另存为 .xlsx 再上传") from None


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise csv.Error("a NUL character")
        yield line


def _encoding(source: Path | bytes, name: str) -> str:
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            with _opened(source) as file:
                while piece := file.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise InputError(f"文件「{name}」的文字编码无法识别(应为 UTF-8 或 GB18030);请用表格软件打开后另存为 .xlsx 再上传")
