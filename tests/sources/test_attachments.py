"""Files that hang on pages: found, kept, read apart; a list of people keeps its rows to itself."""

import io

import pytest
import xlsxwriter
import xlwt
from aiohttp import web
from docx import Document

from notifier.domain.benefits import AttachmentKind, Policy
from notifier.sources.attachment_text import read_attachment
from notifier.sources.attachments import linked_files, with_text_of
from notifier.wire import Wire
from tests.registered import a_line, a_workbook, an_id
from tests.sources.pattern_site import HOST, Answer, Rerouted, page, served
from tests.sources.test_pages import ALIASES
from tests.sources.test_presets import a_source, findings

TEXT = "各乡镇人民政府：草原补奖资金已经下达，禁牧补助每亩7.5元，请核对后上报。"


def a_pdf(text: str) -> bytes:
    """The smallest PDF that says something."""
    stream = f"BT /F1 12 Tf 20 700 Td ({text}) Tj ET".encode("latin-1")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for n, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start


def a_docx(text: str, cells: tuple[str, ...] = ()) -> bytes:
    document = Document()
    document.add_paragraph(text)
    if cells:
        row = document.add_table(rows=1, cols=len(cells)).rows[0]
        for cell, said in zip(row.cells, cells, strict=True):
            cell.text = said
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def an_xls(*rows: tuple[str, ...]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for at, row in enumerate(rows):
        for column, said in enumerate(row):
            sheet.write(at, column, said)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def an_empty_book() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet()
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("a.pdf", a_pdf("Subsidy 7.5 yuan a mu"), AttachmentKind.TEXT, "Subsidy 7.5 yuan a mu"),
        ("notice.doc", a_docx("", ("对象", "标准")), AttachmentKind.TEXT, "对象\t标准"),
        ("a.docx", a_docx(TEXT), AttachmentKind.TEXT, TEXT),
        ("标准.xls", an_xls(("项目", "标准"), ("草原", "7.5元")), AttachmentKind.TEXT, "项目\t标准\n草原\t7.5元"),
        ("a.pdf", a_pdf(""), AttachmentKind.OTHER, "扫描件"),
        ("a.pdf", b"%PDF-1.4 broken", AttachmentKind.OTHER, "损坏"),
        ("a.docx", b"PK\x03\x04 broken", AttachmentKind.OTHER, "损坏"),
        ("a.wps", b"x", AttachmentKind.OTHER, "只保存"),
        ("花名册.xls", an_xls(("姓名", "身份证号"), ("样例", an_id(1))), AttachmentKind.OTHER, "名单"),
        ("名单.docx", a_docx("低保名单", ("姓名", "金额")), AttachmentKind.OTHER, "名单"),
        ("a.docx", a_docx("联系人手机 19900000001"), AttachmentKind.TEXT, "****"),
        ("空.xlsx", an_empty_book(), AttachmentKind.TEXT, ""),
    ],
)  # fmt: skip
async def test_what_an_attachment_is_and_says(name: str, content: bytes, kind: AttachmentKind, said: str) -> None:
    read = await read_attachment(name, "http://x/", content, ALIASES)
    assert read.kind is kind
    assert said in (read.text if kind is AttachmentKind.TEXT else str(read.why))
    assert read.content == content
    assert "19900000001" not in read.text


async def test_a_payment_list_is_a_draft_whose_rows_are_no_text() -> None:
    book = a_workbook([a_line("样例一", an_id(1)), a_line("样例二", an_id(2))], titles=["2026年高龄津贴发放清单"])
    read = await read_attachment("2026年高龄津贴发放清单.xlsx", "http://x/", book, ALIASES)
    assert (read.kind, read.n_lines, read.text) == (AttachmentKind.PAYMENTS, 2, "")
    assert "发放清单，2 行" in with_text_of("", [read])


def test_files_are_found_by_their_name_address_or_title_each_once() -> None:
    html = """<a href="/P0201.pdf">附件1</a> <a href='/down?id=3' title='标准.xlsx'>下载</a>
    <a href='/P0201.pdf'>又一次</a>
    <a href=http://[::1>坏</a> <a href='http://y/b.DOCX'> 附件2.
    申请表 </a> <a href='/index.html'>首页</a> <a href="javascript:open('x.pdf')">x.pdf</a>"""
    assert linked_files(html, "http://x/a/b.html") == [
        ("附件1.pdf", "http://x/P0201.pdf"),
        ("标准.xlsx", "http://x/down?id=3"),
        ("附件2. 申请表.docx", "http://y/b.DOCX"),
    ]


async def test_a_page_that_only_announces_its_attachment_says_what_that_says(wire: Wire) -> None:
    links = "<a href='a.docx'>附件.docx</a><a href='http://elsewhere.com/b.pdf'>b.pdf</a><a href='gone.pdf'>c.pdf</a>"
    pages: dict[str, Answer] = {
        "/l/index.html": page("<ul class=infolist><li><a href=1.html>通知</a><i class=time>2026-11-01</i></li>"
                              "<li><a href=2.pdf>扫描件</a><i class=time>2026-11-02</i></li></ul>"),
        "/l/1.html": page(f"<h1>通知</h1><ucapcontent>详见附件。{links}</ucapcontent>"),
        "/l/a.docx": a_file(a_docx(f"彭政办发〔2026〕9号\n{TEXT}")),
        "/l/2.pdf": a_file(a_pdf("")),
    }  # fmt: skip
    async with served(pages) as (_, server):
        source = a_source(Rerouted(wire, server), {"preset": "ucap_html", "url": f"http://{HOST}/l/index.html"})
        first, second = await findings(source)
    assert isinstance(first.benefit, Policy)
    assert isinstance(second.benefit, Policy)
    assert TEXT in first.benefit.body
    assert first.benefit.document_number == "彭政办发〔2026〕9号"
    assert [one.name for one in first.attachments] == ["附件.docx"]
    assert "扫描件" in second.benefit.body
    assert second.raw.startswith(b"%PDF")
    whys = [left.why for left in source.left_out]
    assert any("allow_hosts" in why for why in whys)
    assert any("404" in why for why in whys)


def a_file(content: bytes) -> Answer:
    return lambda request, body: web.Response(body=content, content_type="application/octet-stream")
