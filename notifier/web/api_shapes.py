"""What the JSON API answers: each shape once, for the answers and for the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_MOST = (1 << 63) - 1
RegionCode = Annotated[
    str,
    Field(pattern=r"^([0-9]{12})?$", description="12 位行政区划代码；不填为密钥或用户自己的地区，只能是它本身或下级"),
]
Number = Annotated[int, Field(ge=1, le=_MOST, description="编号")]
AnyNumber = Annotated[int, Field(ge=0, le=_MOST, description="通知任务的编号；0 为全部任务")]
After = Annotated[int, Field(ge=0, le=_MOST, description="从这个编号之后开始；下一页用上一页的 next")]


class Shape(BaseModel):
    """Built from attributes; nothing more than its fields is ever told."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Shape):
    """为什么没有结果，怎样改正。"""

    error: str = Field(description="一句中文说明")


class Counts(Shape):
    """一组应通知农户的统计；owed = reached + unreached + excused + pending。"""

    owed: int = Field(description="应通知户数")
    reached: int = Field(description="已通知：到达手机或本人确认")
    unreached: int = Field(description="未通知")
    excused: int = Field(description="免予通知，不计入分母")
    pending: int = Field(description="进行中")
    rate_handset: str = Field(description="通知率（到达手机级别），舍到一位小数；分母为零时是 —")


class FullCounts(Counts):
    """统计与原因。"""

    reached_by_level: dict[str, int] = Field(description="已通知按证据级别：handset 到达手机，acknowledged 本人确认")
    unreached_by_reason: dict[str, int] = Field(description="未通知按原因代码")
    excused_by_reason: dict[str, int] = Field(description="免予通知按原因代码")
    rate_acknowledged: str = Field(description="本人确认率")
    excused_share: str = Field(description="免予通知占应通知的比例")


class PlaceCounts(FullCounts):
    """一个乡镇或村的统计。"""

    code: str = Field(description="行政区划代码")
    name: str = Field(description="名称")


class MediumCounts(Shape):
    """一种渠道的消息数。"""

    made: int = Field(description="生成")
    accepted: int = Field(description="通道已接收")
    delivered: int = Field(description="已送达")
    failed: int = Field(description="失败")
    silent: int = Field(description="无回执")
    unsure: int = Field(description="结果不明")


class ReportShape(FullCounts):
    """通知率报告。"""

    campaign_id: int | None = Field(description="通知任务编号；全部任务时为空")
    title: str | None = Field(description="任务名称")
    state: str | None = Field(description="任务状态")
    region_code: str | None = Field(description="报告的地区")
    region: str | None = Field(description="地区名称")
    rate_level: str = Field(description="通知率的证据级别")
    unmatched_payments: int = Field(description="待核对的发放明细")
    media: dict[str, MediumCounts] = Field(description="按渠道")
    townships: list[PlaceCounts] = Field(description="各乡镇")
    villages: list[PlaceCounts] = Field(description="各村")
    problems: list[str] = Field(description="统计之间的矛盾；正常为空")


class CampaignShape(Counts):
    """一个通知任务和它在所看地区的统计。"""

    campaign_id: int = Field(description="编号")
    title: str = Field(description="名称")
    kind: str = Field(description="policy 政策，disbursement 发放，free 自由文本")
    state: str = Field(description="状态")
    region_code: str | None = Field(description="任务的地区；空为全县")
    ladder: str = Field(description="通知方式")
    summary: str = Field(description="摘要")
    rule_text: str | None = Field(description="通知对象；发放批次和还没有条件的任务为空")
    created_at: datetime = Field(description="创建时间，UTC")
    launched_at: datetime | None = Field(description="启动时间，UTC")
    finished_at: datetime | None = Field(description="完成时间，UTC")
    paused_why: str | None = Field(description="暂停的原因")


class CampaignList(Shape):
    """看得到的通知任务，新的在前。"""

    campaigns: list[CampaignShape] = Field(description="任务")


class HouseholdShape(Shape):
    """一户在一个任务中的状态，姓名已脱敏。"""

    owed_id: int = Field(description="应通知编号")
    household_id: int = Field(description="农户编号")
    region_code: str = Field(description="所在村")
    group_name: str | None = Field(description="村民小组")
    householder: str = Field(description="户主，已脱敏")
    state: str = Field(description="pending、reached、unreached 或 excused")
    level: str | None = Field(description="证据级别")
    reason: str | None = Field(description="未通知或免予通知的原因代码")
    why: str = Field(description="为什么应通知这一户")
    state_at: datetime = Field(description="状态时间，UTC")


class HouseholdList(Shape):
    """一页农户。"""

    households: list[HouseholdShape] = Field(description="农户，按编号")
    next: int | None = Field(description="下一页的 after；空为最后一页")


class VisitShape(Shape):
    """一个待办的入户任务，姓名和号码已脱敏。"""

    visit_id: int = Field(description="编号")
    campaign_id: int = Field(description="通知任务")
    campaign: str = Field(description="任务名称")
    region_code: str = Field(description="所在村")
    group_name: str | None = Field(description="村民小组")
    householder: str = Field(description="户主，已脱敏")
    phones: list[str] = Field(description="电话，已脱敏")
    reason: str = Field(description="未通知的原因代码")
    why: str = Field(description="为什么应通知这一户")
    state: str = Field(description="open 待入户，excuse_asked 待复核")
    opened_at: datetime = Field(description="开始时间，UTC")


class VisitList(Shape):
    """一页入户任务。"""

    visits: list[VisitShape] = Field(description="入户任务，按编号")
    next: int | None = Field(description="下一页的 after；空为最后一页")


class InquiryShape(Shape):
    """一件咨询、投诉或建议，文字中的姓名和号码已脱敏。"""

    inquiry_id: int = Field(description="编号")
    kind: str = Field(description="类别")
    channel: str = Field(description="来自哪个渠道")
    region_code: str = Field(description="负责的地区")
    text: str = Field(description="内容，已脱敏")
    state: str = Field(description="状态")
    received_at: datetime = Field(description="收到时间，UTC")
    due_at: datetime = Field(description="应办结时间，UTC")


class InquiryList(Shape):
    """一页咨询。"""

    inquiries: list[InquiryShape] = Field(description="咨询，按编号")
    next: int | None = Field(description="下一页的 after；空为最后一页")


class RegionShape(Shape):
    """一个行政区划。"""

    code: str = Field(description="12 位代码")
    name: str = Field(description="名称")


class RegionList(Shape):
    """看得到的行政区划。"""

    regions: list[RegionShape] = Field(description="按代码")


def told(shape: type[BaseModel], values: Any) -> str:
    """The JSON text of a shape made of a mapping or an object. Fails when the values are not of that shape."""
    return shape.model_validate(values).model_dump_json()
