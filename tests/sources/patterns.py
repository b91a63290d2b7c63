"""For every shipped preset: a county's few keys beside it, and the pages as sites of that pattern lay them out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.sources.pattern_site import HOST, NEWEST, TEXTS, Answer, Text, articles, chunks, page, rows

AT = f"http://{HOST}"


@dataclass(frozen=True)
class Pattern:
    """`keys` are what a county writes; `url_of` the address under which each article is then known."""

    keys: dict[str, Any]
    pages: dict[str, Answer]
    url_of: Callable[[Text], str]
    texts: Sequence[Text] = TEXTS
    left_out: list[str] = field(default_factory=list)


def gov_cn_policy() -> Pattern:
    links = rows("<h4><a href='/zhengce/202611/content_{one.n}.htm'>{one.title}</a></h4>")
    nav = "<h4><a href='/zhengce/index.htm'>政策</a></h4><h4><a href='javascript:void(0)'>更多</a></h4>"
    metas = "<meta name=firstpublishedtime content='{one.on}-10:20:30'><meta name=manuscriptId content=9>"
    pages = {"/zhengce/": page(nav + links)}
    pages |= articles("/zhengce/202611/content_{n}.htm", "<div id=UCAP-CONTENT>{}</div>", metas)
    return Pattern({"url": f"{AT}/zhengce/"}, pages, lambda one: f"{AT}/zhengce/202611/content_{one.n}.htm")


def gov_cn_library() -> Pattern:
    link, on = "<a href='//" + HOST + "/lib/{one.n}.htm'>{one.title}</a>", "<i class=date>{one.on:%Y年%m月%d日}</i>"
    listed = rows("<li><h4>" + link + on + "</h4></li><li class=line></li>")
    pages = {"/lib/": page(f"<div class=news_box><div class=list><ul>{listed}</ul></div></div>")}
    pages |= articles("/lib/{n}.htm", "<div class=TRS_UEDITOR>{}</div>")
    return Pattern({"url": f"{AT}/lib/"}, pages, lambda one: f"{AT}/lib/{one.n}.htm")


def gov_cn_search() -> Pattern:
    def search(request: web.Request, body: str) -> web.Response:
        asked = json.loads(body)
        if request.headers.get("athenaAppName") != "sample" or request.content_type != "application/json":
            return web.Response(status=403)
        start = (asked["pageNo"] - 1) * asked["pageSize"]
        some = NEWEST[start : start + asked["pageSize"]]
        marked = {one: one.title.replace("通知", "<em>通知</em>") for one in some}
        found = [{"title_no_tag": marked[one], "url": f"{AT}/s/{one.n}.htm", "time": f"{one.on}"} for one in some]
        return web.json_response({"result": {"data": {"middle": {"list": found}}}})

    keys = {"url": f"{AT}/athena/forward/A1", "headers": {"athenaAppName": "sample"}, "page_size": 2, "max_pages": 5}
    pages: dict[str, Answer] = {"/athena/forward/A1": search}
    pages |= articles("/s/{n}.htm", "<div id=UCAP-CONTENT>{}</div>")
    return Pattern(keys, pages, lambda one: f"{AT}/s/{one.n}.htm")


def gov_cn_list_table() -> Pattern:
    cells = "<td>{one.n}</td><td><a href='{one.n}.htm'>{one.title}</a></td><td></td><td></td>"
    listed = rows("<tr>" + cells + "<td>{one.on:%Y.%m.%d}</td></tr>")
    pages = {"/t/list.htm": page(f"<div class=dataBox><table><tbody>{listed}</tbody></table></div>")}
    pages |= articles("/t/{n}.htm", "<div id=UCAP-CONTENT>{}</div>")
    return Pattern({"url": f"{AT}/t/list.htm"}, pages, lambda one: f"{AT}/t/{one.n}.htm")


def _moa(wrap: str, row: str, encoding: str = "utf-8") -> Pattern:
    pages: dict[str, Answer] = {}
    head = "<meta charset=gb2312>" if encoding != "utf-8" else ""
    for at, some in enumerate(chunks(2)):
        name = "/moa/index.htm" if not at else f"/moa/index_{at}.htm"
        pages[name] = page(head + wrap.format(rows(row, some)), encoding, None)
    pages |= articles("/moa/202611/t202611{on:%d}_{n}.htm", "<div class=TRS_Editor>{}</div>", encoding=encoding)
    keys = {"url": f"{AT}/moa/index.htm", "max_pages": 5}
    return Pattern(keys, pages, lambda one: f"{AT}/moa/202611/t202611{one.on:%d}_{one.n}.htm")


def moa_gk() -> Pattern:
    link = "<a href='./202611/t{packed}_{one.n}.htm'>{one.title}</a>"
    row = "<li>" + link + "<span>{one.on:%Y - %m -  %d}</span></li>"
    return _moa("<ul class=commonlist>{}</ul>", row, "gb18030")


def moa_column() -> Pattern:
    row = '<li><a href="202611\\t{packed}_{one.n}.htm">\n {one.title} </a><span> </span></li>'
    return _moa("<ul class=ztlb>{}</ul>", row)


def moa_photos() -> Pattern:
    row = "<li><a href='./202611/t{packed}_{one.n}.htm' title='{one.title}'><img src=a.jpg></a></li>"
    return _moa("<ul class=tupian_list>{}</ul>", row)


def ucap_json() -> Pattern:
    def info(request: web.Request, body: str) -> web.Response:
        size, at = int(request.query["pagesize"]), int(request.query["currpage"])
        some = NEWEST[(at - 1) * size : at * size]
        found = [{"title": one.title, "link": f"/sz/{one.n}.shtml", "pubtime": f"{one.on} 09:30:00"} for one in some]
        return web.Response(text=f"callback({json.dumps({'infolist': found})});", content_type="text/html")

    path = "/szinf/info/getInfoCommon/"
    pages: dict[str, Answer] = {path: info}
    pages |= articles("/sz/{n}.shtml", "<ucapcontent>{}</ucapcontent>")
    keys = {"url": AT + path + "?pagesize={size}&currpage={n}&channelid=7", "page_size": 3, "max_pages": 4}
    return Pattern(keys, pages, lambda one: f"{AT}/sz/{one.n}.shtml")


def ucap_html() -> Pattern:
    pages: dict[str, Answer] = {}
    row = "<li><a href='{one.n}.shtml'>{one.title}</a><i class=time>{one.on}</i></li>"
    for at, some in enumerate(chunks(3), 1):
        name = "/uh/index.html" if at == 1 else f"/uh/index_{at}.html"
        pages[name] = page(f"<ul class=infolist>{rows(row, some)}</ul>")
    pages |= articles("/uh/{n}.shtml", "<ucapcontent>{}</ucapcontent>")
    return Pattern({"url": f"{AT}/uh/index.html", "max_pages": 9}, pages, lambda one: f"{AT}/uh/{one.n}.shtml")


def script_arrays() -> Pattern:
    lines = [
        f"urls[{at}]='/kw/{one.n}.html';headers[{at}]=\"{one.title}\";year[{at}]='{one.on.year}';"
        f"month[{at}]='{one.on.month}';day[{at}]='{one.on.day}';"
        for at, one in enumerate(NEWEST)
    ]
    script = "<script>var urls = new Array();var headers = [];\n// 列表\n" + "\n".join(lines) + "</script>"
    pages = {"/kw/list.html": page(script), **articles("/kw/{n}.html", "<div id=zoom>{}</div>")}
    return Pattern({"url": f"{AT}/kw/list.html"}, pages, lambda one: f"{AT}/kw/{one.n}.html")


def script_objects() -> Pattern:
    row = "{{title:'{one.title}', 'url':\"\\/so\\/{one.n}.html\", date: '{one.on:%Y/%m/%d}',}}"
    script = f"<script>if (dataList == 1) {{}} var dataList = [{rows(row, joint=',')},];</script>"
    pages = {"/so/": page(script), **articles("/so/{n}.html", "<div id=zoom>{}</div>")}
    return Pattern({"url": f"{AT}/so/"}, pages, lambda one: f"{AT}/so/{one.n}.html")
