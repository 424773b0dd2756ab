"""What the columns of each kind of table are called, in Chinese, in English, and as else offices call them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the rows of a table are."""

    PEOPLE = "people"
    HOUSEHOLDS = "households"
    VEHICLES = "vehicles"
    DEVICES = "devices"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One that a table may have."""

    name: str
    zh: str
    en: str
    others: tuple[str, ...] = ()  # what else it is called
    must: bool = False
    example: str = ""
    width: int = 14


_AREA = Column(
    name="area",
    zh="社区/村",
    en="area",
    others=("社区", "村", "村居", "村社区", "所属社区", "所属村", "村名", "社区名称", "community", "village"),
    example="桂花村",
)
_GRID = Column(
    name="grid", zh="网格", en="grid", others=("网格名称", "所属网格", "网格号", "网格编号"), example="桂花村第1网格"
)
_ADDRESS = Column(
    name="address",
    zh="住址",
    en="address",
    others=("地址", "居住地址", "家庭住址", "现住址", "现居住地", "详细地址", "home address"),
    example="桂花村 3 组 12 号",
    width=28,
)
_NOTE = Column(name="note", zh="备注", en="note", others=("说明", "notes", "remark", "remarks"), width=28)
_PHONE = Column(
    name="phone",
    zh="电话",
    en="phone",
    others=("联系电话", "手机", "手机号", "手机号码", "电话号码", "联系方式", "本人电话", "telephone", "mobile"),
    example="138 0013 0001",
    width=16,
)
_NUMBER = ("家庭编号", "户编号", "家庭号", "门牌户号", "household number", "household no")

COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    Kind.PEOPLE: (
        Column(name="id", zh="编号", en="id", others=("人员编号", "居民编号", "person id"), width=18),
        Column(
            name="name",
            zh="姓名",
            en="name",
            others=("名字", "居民姓名", "姓 名", "full name"),
            must=True,
            example="李秀兰",
        ),
        Column(
            name="kind",
            zh="性质",
            en="kind",
            others=("人员性质", "居住性质", "人员类型", "人员类别", "居民类型", "居住类型"),
            example="常住",
        ),
        _AREA,
        _GRID,
        Column(name="household", zh="户号", en="household", others=_NUMBER, example="3-12"),
        Column(
            name="relation",
            zh="与户主关系",
            en="relation",
            others=("户主关系", "关系", "与户主的关系", "relation to head"),
            example="户主",
        ),
        _ADDRESS,
        _PHONE,
        Column(
            name="born",
            zh="出生日期",
            en="born",
            others=("出生年月日", "生日", "出生年月", "出生", "date of birth", "birthday", "birth date"),
            example="1948-03-05",
        ),
        Column(
            name="care",
            zh="关爱类型",
            en="care",
            others=("关爱", "关爱类别", "关爱原因", "重点人群", "人员标签", "特殊人群", "关爱对象", "cared for"),
            example="独居、高龄",
            width=18,
        ),
        Column(
            name="contact_name",
            zh="家属",
            en="contact name",
            others=(
                "家属姓名",
                "紧急联系人",
                "联系人",
                "紧急联系人姓名",
                "亲属",
                "亲属姓名",
                "contact",
                "emergency contact",
            ),
            example="李明",
        ),
        Column(
            name="contact_relation",
            zh="家属关系",
            en="contact relation",
            others=("联系人关系", "与本人关系", "紧急联系人关系", "亲属关系"),
            example="女儿",
        ),
        Column(
            name="contact_phone",
            zh="家属电话",
            en="contact phone",
            others=("紧急联系人电话", "联系人电话", "亲属电话", "家属联系电话", "紧急联系电话", "emergency phone"),
            example="138 0013 0003",
            width=16,
        ),
        _NOTE,
        Column(
            name="watch_hours",
            zh="守望小时",
            en="watch hours",
            others=("守望时长", "守望（小时）", "守望时间", "守望周期", "watch"),
            example="24",
        ),
    ),
    Kind.HOUSEHOLDS: (
        Column(
            name="number",
            zh="户号",
            en="number",
            others=(*_NUMBER, "编号", "household"),
            must=True,
            example="3-12",
        ),
        _AREA,
        _GRID,
        _ADDRESS,
        _PHONE,
        _NOTE,
    ),
    Kind.VEHICLES: (
        Column(
            name="plate",
            zh="车牌",
            en="plate",
            others=("车牌号", "车牌号码", "号牌", "plate number"),
            must=True,
            example="粤B12345",
        ),
        Column(name="household", zh="户号", en="household", others=_NUMBER, example="3-12"),
        Column(
            name="label",
            zh="车主",
            en="label",
            others=("车主姓名", "说明", "备注", "用途", "单位", "owner name", "note"),
            example="3 组 12 号李家",
            width=24,
        ),
        Column(name="person", zh="车主编号", en="person id", others=("人员编号", "居民编号", "person"), width=18),
        Column(
            name="owner",
            zh="车辆性质",
            en="owner",
            others=("性质", "车辆类型", "类型", "owner kind"),
            example="住户",
        ),
        Column(
            name="valid_from",
            zh="有效期自",
            en="valid from",
            others=("开始日期", "起始日期", "生效日期"),
            example="2026-12-01",
        ),
        Column(
            name="valid_until",
            zh="有效期至",
            en="valid until",
            others=("到期日期", "有效期", "截止日期", "有效期截止", "到期"),
            example="2027-11-30",
        ),
    ),
    Kind.DEVICES: (
        Column(
            name="device",
            zh="设备编号",
            en="device",
            others=("编号", "设备", "设备名", "设备名称", "点位编号", "点位号", "点位", "id", "name", "device id"),
            must=True,
            example="gate-east",
            width=18,
        ),
        Column(
            name="place",
            zh="安装地点",
            en="place",
            others=("地点", "位置", "安装位置", "点位名称", "点位地址", "location"),
            example="桂花村东门",
            width=24,
        ),
        _AREA,
        _GRID,
        Column(
            name="point_kind",
            zh="点位类型",
            en="kind",
            others=("类型", "类别", "点位类别", "用途", "point kind", "type"),
            example="道闸",
        ),
        Column(
            name="camera",
            zh="摄像头",
            en="camera",
            others=("相机", "摄像机", "视频源", "视频地址", "rtsp", "rtsp地址", "摄像头地址"),
            example="picamera2",
            width=40,
        ),
        Column(
            name="relay",
            zh="继电器",
            en="relay",
            others=("开门", "开闸", "继电器引脚", "gpio"),
            example="gpio:17",
        ),
    ),
}
EXAMPLE: Final = "（示例）"
"""Behind the first text of the template's example row: such a row is never taken over."""


def column(kind: Kind, name: str) -> Column:
    return next(one for one in COLUMNS[kind] if one.name == name)
