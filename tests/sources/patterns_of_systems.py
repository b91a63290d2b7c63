"""The patterns of widely sold systems: standard metas, 大汉, 广东, TRS; as `patterns`."""

import json
from urllib.parse import parse_qs

from aiohttp import web

from tests.sources.pattern_site import HOST, NEWEST, TEXTS, Answer, Text, articles, chunks, page, rows
from tests.sources.patterns import AT, Pattern

GB_METAS = (
    "<meta name='ArticleTitle' content='{one.title}'><meta name='PubDate' content='{one.on} 08:30'>"
    "<meta name='ContentSource' content='彭阳县人民政府办公室'>"
)


def standard_metas() -> Pattern:
    listed = rows("<li><a href='../sm/{one.n}.html'>{cut}…</a><span class=date>[{one.on}]</span></li>")
    pages = {"/sm/index.html": page(f"<ul class=doc_list>{listed}</ul>")}
    pages |= articles("/sm/{n}.html", "<div class=wzcon>{}</div>", GB_METAS)
    return Pattern({"url": f"{AT}/sm/index.html"}, pages, lambda one: f"{AT}/sm/{one.n}.html")


def guangdong_list() -> Pattern:
    def url(one: Text) -> str:
        return "https://mp.weixin.qq.com/s/sample3" if one.n == 3 else f"{AT}/gd/{one.n}.html"

    listed = "".join(
        f"<li class=clearfix><a href='{url(one)}'>{one.title}</a><i class=time>{one.on}</i></li>" for one in NEWEST
    )
    away = "<li class=clearfix><a href='http://elsewhere.com/x'>别处的一条</a><span class=time>2026-11-20</span></li>"
    third = TEXTS[2]
    told = f"<h1>{third.title}</h1><p>{third.number}</p><div id=js_content>{third.paragraphs}</div>"
    pages = {"/gd/index.html": page(away + listed), "/s/sample3": page(told)}
    pages |= articles("/gd/{n}.html", "<div class=content>{}</div>")
    return Pattern({"url": f"{AT}/gd/index.html"}, pages, url, left_out=["allow_hosts"])


def gkmlpt() -> Pattern:
    def listed(request: web.Request, body: str) -> web.Response:
        at = int(request.query["page"]) - 1
        found = [
            {"title": one.title, "url": f"{HOST}/gk/{one.n}.html", "date": f"{one.on}T00:30:00+08:00"}
            for one in (chunks(2)[at] if at < 3 else ())
        ]
        return web.json_response({"articles": found})

    pages: dict[str, Answer] = {"/gkmlpt/api/all/0": listed}
    pages |= articles("/gk/{n}.html", "<div class=article-content>{}</div>")
    keys = {"url": f"{AT}/gkmlpt/api/all/0?page={{n}}&sid=1", "max_pages": 9}
    return Pattern(keys, pages, lambda one: f"{AT}/gk/{one.n}.html")


_RECORD = (
    "<record><![CDATA[ <li><a href=\"/art/2026/11/{one.n}/art_1_{one.n}.html\" title='{one.title}'>{cut}...</a>"
    "<b>{one.on}</b></li> ]]></record>"
)


def jcms_window() -> Pattern:
    def window(request: web.Request, body: str) -> web.Response:
        asked, form = request.query, parse_qs(body)
        if request.method != "POST" or form.get("columnid") != ["5"] or form.get("webname") != ["彭阳"]:
            return web.Response(status=500)
        some = NEWEST[int(asked["startrecord"]) - 1 : int(asked["endrecord"])]
        recordset = f"<totalrecord>5</totalrecord><recordset>{rows(_RECORD, some)}</recordset>"
        xml = f"<?xml version='1.0' encoding='UTF-8'?><datastore>{recordset}</datastore>"
        return web.Response(text=xml, content_type="text/xml")

    path = "/module/web/jpage/dataproxy.jsp"
    keys = {
        "url": f"{AT}{path}?startrecord={{start}}&endrecord={{end}}&perpage={{size}}",
        "send": "col=1&appid=1&columnid=5&webname=彭阳",
        "page_size": 2,
        "max_pages": 9,
    }
    pages: dict[str, Answer] = {path: window}
    pages |= articles("/art/2026/11/{n}/art_1_{n}.html", "<div id=zoom>{}</div>")
    return Pattern(keys, pages, lambda one: f"{AT}/art/2026/11/{one.n}/art_1_{one.n}.html")


def jcms_page() -> Pattern:
    html = f"<html><body><div id=2><script type='text/xml'>{rows(_RECORD)}</script></div></body></html>"
    pages = {"/col/col7/index.html": page(html)}
    pages |= articles("/art/2026/11/{n}/art_1_{n}.html", "<div class=main-txt>{}</div>")
    url = f"{AT}/col/col7/index.html"
    return Pattern({"url": url}, pages, lambda one: f"{AT}/art/2026/11/{one.n}/art_1_{one.n}.html")


def jpaas() -> Pattern:
    def unit(request: web.Request, body: str) -> web.Response:
        asked = json.loads(request.query["paramJson"])
        start = (asked["pageNo"] - 1) * asked["pageSize"]
        row = "<li><a href='/jp/{one.n}.html' target=_blank>{one.title}</a><span>{one.on}</span></li>"
        listed = rows(row, NEWEST[start : start + asked["pageSize"]])
        return web.json_response({"success": True, "data": {"html": f"<div class=list><ul>{listed}</ul></div>"}})

    path = "/api-gateway/jpaas-publish-server/front/page/build/unit"
    url = f'{AT}{path}?parseType=bulidstatic&webId=w&pageType=column&paramJson={{"pageNo":{{n}},"pageSize":{{size}}}}'
    pages: dict[str, Answer] = {path: unit, **articles("/jp/{n}.html", "<div class=TRS_Editor>{}</div>")}
    return Pattern({"url": url, "page_size": 2, "max_pages": 9}, pages, lambda one: f"{AT}/jp/{one.n}.html")


def _trs(path: str, wrap: str, row: str, holder: str, around: str = "", encoding: str = "utf-8") -> Pattern:
    pages: dict[str, Answer] = {}
    charset = "gb2312" if encoding != "utf-8" else "utf-8"
    for at, some in enumerate(chunks(2)):
        script = f'<script>createPageHTML(3, {at}, "list", "html");</script>'
        html = f"<html><head><meta charset={charset}></head>{wrap.format(rows(row, some))}{script}</html>"
        pages[f"{path}list{f'_{at}' if at else ''}.html"] = page(html, encoding, None)
    pages |= articles(path + "202611/t202611{on:%d}_{n}.html", holder, around=around, encoding=encoding)
    keys = {"url": f"{AT}{path}list.html", "max_pages": 9}
    return Pattern(keys, pages, lambda one: f"{AT}{path}202611/t202611{one.on:%d}_{one.n}.html")


def trs_guyuan() -> Pattern:
    link = "<a href='./202611/t{packed}_{one.n}.html' title='{one.title}'>{cut}...</a>"
    row = "<ul><li class=w50>1</li><li class=w383>" + link + "</li><li class=w100><span>{one.on}</span></li></ul>"
    wrap, holder = "<div class=xxgk_wrap>{}</div>", "<div class=TRS_Editor>{}</div>"
    return _trs("/zwgk/zfxxgkml/", wrap, row, holder, encoding="gb18030")


def trs_pengyang() -> Pattern:
    link = "<a href='./202611/t{packed}_{one.n}.html'>{one.title}</a>"
    row = "<ul><li>{one.n}</li><li>" + link + "</li><li>{one.on}</li></ul>"
    issuer = "<td>发布机构：彭阳县人民政府办公室</td>"
    around = "<table class=info><tr>" + issuer + "<td>索引号：640425-1</td><td>{one.on}</td></tr></table>"
    wrap, holder = "<div class=boxcon><div>{}</div></div>", "<div class='zz-xl-sec'>{}</div>"
    return _trs("/xxgk_13872/zfxxgkml/wjfb/", wrap, row, holder, around)


def openness_list() -> Pattern:
    pages: dict[str, Answer] = {}
    row = "<li><a href='../../../show/{one.n}.html'>{one.title}</a><span class=date>{one.on}</span></li>"
    for at, some in enumerate(chunks(2), 1):
        pages[f"/OpennessContent/showList/3/4/page_{at}.html"] = page(f"<ul class=list>{rows(row, some)}</ul>")
    pages |= articles("/OpennessContent/show/{n}.html", "<div class=wzcon>{}</div>")
    keys = {"url": f"{AT}/OpennessContent/showList/3/4/page_{{n}}.html", "max_pages": 9}
    return Pattern(keys, pages, lambda one: f"{AT}/OpennessContent/show/{one.n}.html")


def column_list() -> Pattern:
    def listed(request: web.Request, body: str) -> web.Response:
        at = int(request.query["pageIndex"]) - 1
        some = chunks(2)[at] if at < 3 else NEWEST[:2]  # past the end many systems show the first page again
        row = "<li><a href='/content/{one.n}'>{one.title}</a><span class=date>{one.on}</span></li>"
        return web.Response(text=f"<ul class=clearfix>{rows(row, some)}</ul>", content_type="text/html")

    pages: dict[str, Answer] = {"/public/column/6": listed, **articles("/content/{n}", "<div class=content>{}</div>")}
    keys = {"url": f"{AT}/public/column/6?type=4&action=list&pageIndex={{n}}", "max_pages": 9}
    return Pattern(keys, pages, lambda one: f"{AT}/content/{one.n}")
