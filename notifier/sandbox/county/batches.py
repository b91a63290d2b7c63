"""The payment lists of one autumn: each office has its own columns, and puts filing and audit where it likes."""

from dataclasses import dataclass

from notifier.sandbox.county import claims

Column = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """One payment list. `titled` puts filing number, audit state and period above the header, not in columns."""

    name: str
    item: str
    claims_of: claims.ClaimsOf
    columns: tuple[Column, ...]
    filing_number: str
    audit_state: str = "县级审核通过"
    period: str = "2026年"
    unit: str = "元"
    suffix: str = ".xlsx"
    titled: bool = True
    sheet_per_township: bool = False
    goods: bool = False
    failed: bool = False

    @property
    def audited(self) -> bool:
        """True when all three levels have passed it; only then may anybody be told."""
        return self.audit_state in ("县级审核通过", "已审核")

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in order of column."""
        return tuple(field for field, _ in self.columns)

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}{self.suffix}"


def _columns(**headers: str) -> tuple[Column, ...]:
    return tuple(headers.items())


_FARMLAND = _columns(
    serial="序号",
    township="乡镇",
    village="行政村",
    group="村民小组",
    name="姓名",
    id="身份证号",
    item="补贴项目",
    quantity="补贴面积(亩)",
    standard="补贴标准(元/亩)",
    amount="补贴金额(元)",
    card="一卡通账号",
    note="备注",
)

_MINIMUM_LIVING = _columns(
    serial="序号",
    village="行政村",
    name="户主姓名",
    id="身份证号码",
    item="项目名称",
    quantity="保障人数",
    standard="月标准(元)",
    amount="金额（元）",
    card="账号",
    filing="备案号",
    audit="审核状态",
    period="期次",
)

_OLD_AGE = _columns(
    serial="序号",
    township="乡镇",
    village="行政村",
    name="享受人员姓名",
    id="享受人员身份证号",
    holder="一卡通户名",
    holder_id="一卡通户名身份证",
    card="一卡通账号",
    claim_note="津贴档次",
    standard="发放标准(元/月)",
    amount="发放金额(元)",
    note="备注",
)

_GRASSLAND = _columns(
    serial="序号",
    village="行政村",
    group="组",
    name="农户姓名",
    id="身份证号",
    quantity="草原面积",
    standard="标准(元/亩)",
    amount="补助金额(万元)",
    card="银行账号",
    filing="备案文号",
    audit="审核情况",
    period="发放批次",
)

_COAL = _columns(
    serial="序号",
    township="乡镇",
    village="行政村",
    name="姓名",
    id="身份证号",
    goods="物资名称",
    quantity="数量",
    unit="单位",
    place="领取地点",
    time="领取时间",
    filing="备案号",
    audit="审核状态",
)

_FAILED = _columns(
    serial="序号",
    village="行政村",
    name="姓名",
    id="身份证号",
    holder="账户姓名",
    card="银行账号",
    item="补贴项目",
    amount="金额(元)",
    status="发放状态",
    claim_note="退票原因",
    filing="备案号",
    audit="审核状态",
    period="期次",
)

_RETURNED = _columns(
    serial="序号",
    township="乡镇",
    village="行政村",
    group="村民小组",
    name="姓名",
    id="身份证号",
    item="补贴项目",
    quantity="退耕面积(亩)",
    standard="补助标准(元/亩)",
    amount="补助金额(元)",
    card="一卡通账号",
    note="备注",
)

BASELINE_BATCHES: tuple[Batch, ...] = (
    Batch(
        name="2025年耕地地力保护补贴发放清册",
        item="耕地地力保护补贴",
        claims_of=claims.farmland,
        columns=_FARMLAND,
        filing_number="彭农补备〔2025〕9号",
        period="2025年",
        sheet_per_township=True,
    ),
)

NEW_BATCHES: tuple[Batch, ...] = (
    Batch(
        name="2026年耕地地力保护补贴发放清册",
        item="耕地地力保护补贴",
        claims_of=claims.farmland,
        columns=_FARMLAND,
        filing_number="彭农补备〔2026〕12号",
        sheet_per_township=True,
    ),
    Batch(
        name="2026年三季度农村低保金发放表",
        item="农村最低生活保障金",
        claims_of=claims.minimum_living,
        columns=_MINIMUM_LIVING,
        filing_number="彭民补备〔2026〕31号",
        audit_state="已审核",
        period="2026年第三季度",
        suffix=".csv",
        titled=False,
    ),
    Batch(
        name="2026年三季度高龄津贴发放花名册",
        item="高龄津贴",
        claims_of=claims.old_age,
        columns=_OLD_AGE,
        filing_number="彭民补备〔2026〕33号",
        period="2026年第三季度",
    ),
    Batch(
        name="2026年草原生态保护补助奖励兑付表",
        item="草原生态保护补助奖励",
        claims_of=claims.grassland,
        columns=_GRASSLAND,
        filing_number="彭林补备[2026]7号",
        unit="万元",
        titled=False,
    ),
    Batch(
        name="2026年冬季取暖煤发放花名册",
        item="冬季取暖煤",
        claims_of=claims.winter_coal,
        columns=_COAL,
        filing_number="彭民补备（2026）40号",
        audit_state="已审核",
        titled=False,
        unit="吨",
        goods=True,
    ),
    Batch(
        name="2026年三季度残疾人两项补贴退票清单",
        item="残疾人两项补贴",
        claims_of=claims.failed_disability,
        columns=_FAILED,
        filing_number="彭残补备〔2026〕5号",
        period="2026年第三季度",
        titled=False,
        failed=True,
    ),
    Batch(
        name="2026年退耕还林补助发放清册(报审)",
        item="退耕还林补助",
        claims_of=claims.returned,
        columns=_RETURNED,
        filing_number="彭林补备〔2026〕11号",
        audit_state="乡级审核中",
    ),
)
