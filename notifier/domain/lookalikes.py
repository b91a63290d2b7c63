"""Characters of names that clerks take for each other: groups that look alike, and groups that sound alike."""

from collections.abc import Mapping
from types import MappingProxyType

_SHAPES = (
    "己已巳 末未 土士 日曰 人入 千干于 戊戌戍 候侯 梁粱 科料 鸟乌 免兔 大太犬 天夫无 王玉主壬 今令 "
    "贝见 田由甲申 木术本 刀力刁 毛手 午牛 冶治 代伐 阳阴 郎朗 栓拴 雨两 园圆团 风凤 凡几丸 义叉 "
    "卫印 玲铃岭 佳住桂挂 浩皓洁 清请情晴 娟捐涓 萍苹平 梅海 强张 建健 明朋 荣菜 英美 秀季李 霞露 "
    "辉晖挥 锋峰烽 杨扬 陈阵 徐除涂 锦绵棉 银根 全金 栋拣 振晨 伟炜纬 忠志 学字 宝室 贵责 亮高 广厂 "
    "永水 龙尤 生主 珍诊 孙孔 朱未 吴昊 芳劳 云去 晓哓 茂茏 燕莺 丽俪 文交 田甲 成戍 连莲 兰蓝 "
    "花华 买卖 努怒 尔示 穆稳 沙莎 拜拝 麦麥 马鸟 韩朝 杜社 曹曾 邵部 郭敦 贺贸 崔雀 赵起 钱线 "
    "丁了 何河"
)
_SOUNDS = (
    "军君钧均俊峻骏 丽莉俐利力立理礼李里黎 伟卫维炜玮为魏韦 华花桦 红宏洪鸿虹弘 志智治致芝知之枝 平萍苹屏 "
    "英瑛莹颖应映 玲灵铃凌陵林琳霖 明铭鸣名敏民 建健剑见鉴 国果郭 文闻雯纹温 武吴伍五午 江姜蒋将 "
    "成诚城程承呈 生升声胜圣盛 清青庆卿晴 忠中钟仲 义艺毅怡仪易益翼一依宜 学雪薛 兰岚蓝 梅美玫妹 "
    "凤风丰峰锋枫冯 玉育宇雨语余于俞裕郁 珍真贞振镇臻震 娟鹃涓 香祥翔湘向相项 秀修 春纯 霞夏 "
    "燕艳彦雁颜研岩延闫阎严 芳方房 莲连联 菊巨举 琴勤秦芹 云芸运允耘 月悦岳越 飞菲非 龙隆 虎湖胡护 "
    "宝保包鲍 贵桂归 福富付傅甫 禄路陆录鲁卢芦 寿守 喜希西熙席习 财才彩蔡 金锦进晋瑾靳今津 银印尹引殷 德得 "
    "仁任人 小晓笑肖萧孝潇 有友佑又右 光广 荣容蓉 新欣心鑫辛馨信 永勇咏涌 贤先显宪献 全权泉荃 马麻玛 买麦 "
    "尔而儿耳二 丁定 甲钾佳家嘉加贾 章张彰 王汪旺 杨扬阳洋羊 陈晨辰臣 刘留流柳 赵兆照召 周洲舟 徐许旭序 "
    "朱珠竹祝 何和贺合河禾 罗洛骆 梁良亮 宋松颂 郑正政征 韩涵寒汉 唐堂棠 董冬东栋 袁元原源媛远园圆苑 "
    "沈申慎 彭鹏朋 苏素肃 叶业 潘盘 戴代 田天甜 石时实世士诗史师施 姚瑶遥尧耀 谭潭 熊雄 郝好浩昊皓 "
    "白百柏 崔翠 毛茂 邱秋丘 侯厚 邵绍少 孟梦 万婉晚 雷蕾磊 钱前乾 常长昌畅 乔桥巧 龚公功宫 范凡帆樊 "
    "陶涛桃 季纪计继吉集济 毕必 焦娇姣教 邢星兴幸 关官冠 甘干 童同彤桐 惠慧辉会汇回 静靖敬景晶京婧菁精 "
    "婷庭亭廷 洁杰捷节 爱艾 琪奇其祺琦齐启起岐淇 珊山杉善 瑞蕊锐睿 哈海 沙莎 法发 由尤友 乙以已 叁三"
)


def _pairs(groups: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for group in groups.split():
        for one in group:
            found[one] = "".join(dict.fromkeys(found.get(one, "") + group.replace(one, "")))
    return MappingProxyType(found)


LOOKS_LIKE: Mapping[str, str] = _pairs(_SHAPES)
"""The characters that look like this one."""
SOUNDS_LIKE: Mapping[str, str] = _pairs(_SOUNDS)
"""The characters that sound like this one."""
