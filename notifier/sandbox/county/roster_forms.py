"""What each township's roster looks like: which columns, under which words, on how many sheets.

A column is (field, header). The fields are ours and stay inside this package; the headers are what a county's
clerks write, and the import has to know them all.
"""

from dataclasses import dataclass

Column = tuple[str, str]

# fields that describe the household; everything else describes one person
HOUSEHOLD_FIELDS = frozenset(
    (
        *("serial", "number", "township", "village", "group", "householder", "householder_id", "n_people"),
        *("household_phone", "kind", "watched", "minimum_living", "destitute"),
        *("farmland", "grassland", "returned", "sheep", "cattle"),
    )
)


@dataclass(frozen=True, slots=True)
class Form:
    """One workbook of a township. `upper` is the first line of a two-line header; '' carries on the one before."""

    title: str
    columns: tuple[Column, ...]
    per_household: bool = False
    sheet_per_village: bool = False
    household_cells_once: bool = False
    upper: tuple[str, ...] = ()
    suffix: str = ".xlsx"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in order of column."""
        return tuple(field for field, _ in self.columns)

    @property
    def names_village(self) -> bool:
        """True when each row says its village, so a household of elsewhere can stand in it."""
        return "village" in self.fields


def _columns(**headers: str) -> tuple[Column, ...]:
    return tuple(headers.items())


_MERGED = Form(
    "农户基本信息登记表",
    _columns(
        serial="序号",
        number="户编号",
        group="村民小组",
        name="姓 名",
        id="身份证号",
        relation="与户主关系",
        household_phone="户联系电话",
        phone="本人电话",
        card="一卡通账号",
        kind="户类型",
        minimum_living="是否低保",
        destitute="是否特困",
        disability="残疾等级",
        farmland="耕地面积(亩)",
        grassland="草原面积(亩)",
        returned="退耕还林面积(亩)",
        sheep="羊存栏(只)",
        cattle="牛存栏(头)",
        insured="是否参保",
        note="备注",
    ),
    sheet_per_village=True,
    household_cells_once=True,
)

_FLAT = Form(
    "农户花名册",
    _columns(
        township="乡镇",
        village="行政村",
        group="组",
        number="户号",
        householder="户主姓名",
        name="成员姓名",
        id="公民身份号码",
        relation="家庭关系",
        household_phone="手机号",
        phone="个人手机号",
        card="银行卡号",
        kind="属性",
        minimum_living="低保户",
        destitute="特困供养",
        disability="残疾类别等级",
        farmland="承包面积",
        grassland="草原（亩）",
        returned="退耕（亩）",
        sheep="养羊数",
        cattle="养牛数",
        insured="医保参保",
        note="备注",
    ),
)

_HOUSEHOLD_BOOK = Form(
    "家庭信息",
    _columns(
        serial="序号",
        number="户编号",
        group="所在组",
        householder="户主姓名",
        id="户主身份证号码",
        household_phone="联系电话",
        n_people="家庭人口",
        card="社保卡号",
        kind="户类型",
        minimum_living="低保",
        destitute="特困",
        farmland="耕地（亩）",
        grassland="草原（亩）",
        returned="退耕（亩）",
        sheep="羊（只）",
        cattle="牛（头）",
        note="备注",
    ),
    per_household=True,
    sheet_per_village=True,
)

_PERSON_BOOK = Form(
    "人员信息",
    _columns(
        serial="序号",
        village="所在村",
        number="户编号",
        householder_id="户主身份证号码",
        name="人员姓名",
        id="身份证号码",
        relation="与户主关系",
        phone="本人联系电话",
        card="社保卡号",
        disability="残疾等级",
        insured="参保",
        note="备注",
    ),
)

_TWO_LINES = Form(
    "农户家庭情况统计表",
    _columns(
        serial="",
        group="",
        name="姓名",
        id="身份证\n号码",
        relation="关系",
        household_phone="户主电话",
        phone="本人电话",
        card="",
        kind="",
        minimum_living="低保",
        destitute="特困",
        disability="残疾",
        farmland="耕地(亩)",
        grassland="草原(亩)",
        returned="退耕(亩)",
        sheep="羊(只)",
        cattle="牛(头)",
        insured="",
        note="",
    ),
    sheet_per_village=True,
    upper=(
        *("序号", "小组", "家庭成员情况", "", "", "联系方式", "", "一卡通卡号", "户类别"),
        *("享受政策", "", "", "生产情况", "", "", "", "", "参保", "备注"),
    ),
)

_REGISTER = Form(
    "脱贫人口及监测对象名单",
    _columns(
        serial="序号",
        dated="数据日期",
        county="县",
        township="乡",
        village="行政村",
        group="自然村",
        number="户编号",
        person_number="人编号",
        name="姓名",
        id="证件号码",
        n_people="人数",
        relation="与户主关系",
        nation="民族",
        household_phone="户联系电话",
        phone="人联系电话",
        card="银行账号",
        kind="户类型",
        watched="监测对象类型",
        minimum_living="是否低保",
        destitute="是否特困",
        disability="残疾类别等级",
        farmland="耕地面积",
        grassland="草原面积",
        returned="退耕面积",
        sheep="羊",
        cattle="牛",
        insured="是否参加医疗保险",
    ),
)

_OLD_FILE = Form(
    "农户基础信息表",
    _columns(
        serial="序号",
        village="村委会",
        group="社",
        number="家庭编号",
        name="家庭成员",
        id="身份证",
        relation="与户主关系",
        household_phone="电话号码",
        phone="个人电话",
        card="银行账号",
        kind="户属性",
        minimum_living="低保户",
        destitute="特困户",
        disability="残疾等级",
        farmland="确权面积(亩)",
        grassland="草原面积(亩)",
        returned="退耕地(亩)",
        sheep="羊",
        cattle="牛",
        insured="参保情况",
        note="备注",
    ),
    suffix=".xls",
)

_EXPORT = Form(
    "农户信息导出",
    _columns(
        township="乡镇",
        village="行政村",
        group="组",
        number="户号",
        householder="户主姓名",
        name="家庭成员姓名",
        id="身份证号码",
        relation="家庭关系",
        household_phone="手机号码",
        phone="个人手机号",
        card="银行卡号",
        kind="属性",
        minimum_living="低保户",
        destitute="特困供养",
        disability="残疾类别等级",
        farmland="承包面积",
        grassland="草原（亩）",
        returned="退耕（亩）",
        sheep="养羊数",
        cattle="养牛数",
        insured="医保参保",
        note="备注",
    ),
    suffix=".csv",
)

FORMS: dict[str, tuple[Form, ...]] = {
    "白阳镇": (_MERGED,),
    "王洼镇": (_FLAT,),
    "古城镇": (_HOUSEHOLD_BOOK, _PERSON_BOOK),
    "红河镇": (_TWO_LINES,),
    "新集乡": (_REGISTER,),
    "城阳乡": (_MERGED,),
    "冯庄乡": (_TWO_LINES,),
    "小岔乡": (_REGISTER,),
    "孟塬乡": (_FLAT,),
    "罗洼乡": (_HOUSEHOLD_BOOK, _PERSON_BOOK),
    "交岔乡": (_OLD_FILE,),
    "草庙乡": (_EXPORT,),
}
