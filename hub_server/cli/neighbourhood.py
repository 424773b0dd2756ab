"""An invented community for the demonstration: no such people, no such place."""

from dataclasses import dataclass

from hub_server.watch.ladder import Rung

COMMUNITY = "虚构市守望示范社区"


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    name: str
    relation: str
    phone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Helper:
    """Who is told of an alert, on a topic of the site's broker: nothing leaves the machine."""

    name: str
    rung: Rung
    phone: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Resident:
    id: str
    name: str
    home: str
    born: str
    note: str = ""
    phone: str = ""  # 000: such numbers do not exist
    family: Relative | None = None
    seen_s_ago: int | None = None  # None: no watch


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    id: str
    place: str


DOORS = (
    Door(id="door-east", place="东门 East door"),
    Door(id="door-west", place="西门 West door"),
    Door(id="gate-lane", place="车行道闸 Vehicle gate"),
)

HELPERS = (
    Helper(name="示范网格员", rung=Rung.WORKER, phone="000 0000 0001", url="topic://worker"),
    Helper(name="示范社区值班", rung=Rung.COMMUNITY, phone="000 0000 0002", url="topic://community"),
    Helper(name="示范街道值班", rung=Rung.OFFICE, phone="000 0000 0003", url="topic://office"),
)
FAMILY_URL = "topic://family"
WORKER_WAIT_S = 10 * 60

_HOUR_S = 3600
QUIET_ID = "resident-02"
"""Last seen a minute less than a day ago: the alert comes a minute after the seeding."""

RESIDENTS = (
    Resident(
        id="resident-01", name="赵示一", home="1号楼101", born="1950-03-05", note="录入了两个门", seen_s_ago=2 * _HOUR_S
    ),
    Resident(
        id=QUIET_ID,
        name="钱示二",
        born="1941-06-12",
        home="1号楼102",
        note="独居，常走东门",
        phone="000 0000 0102",
        family=Relative(name="钱示小", relation="女儿", phone="000 0000 0202"),
        seen_s_ago=24 * _HOUR_S - 60,
    ),
    Resident(
        id="resident-03",
        name="孙示三",
        born="1947-01-30",
        home="1号楼203",
        note="独居",
        phone="000 0000 0103",
        seen_s_ago=5 * _HOUR_S,
    ),
    Resident(
        id="resident-04", name="李示四", born="1953-09-08", home="2号楼104", note="每周三去诊所", seen_s_ago=9 * _HOUR_S
    ),
    Resident(id="resident-05", name="周示五", born="1939-12-01", home="2号楼205", seen_s_ago=14 * _HOUR_S),
    Resident(
        id="resident-06",
        name="吴示六",
        born="1944-04-17",
        home="2号楼306",
        note="听力不好，请多敲几下门",
        seen_s_ago=1 * _HOUR_S,
    ),
    Resident(id="resident-07", name="郑示七", born="1956-08-21", home="3号楼107"),
    Resident(id="resident-08", name="王示八", born="1962-02-11", home="3号楼208"),
    Resident(id="resident-09", name="冯示九", born="1958-05-03", home="3号楼309"),
    Resident(id="resident-10", name="陈示十", born="1960-10-25", home="4号楼110"),
    Resident(id="resident-11", name="褚示甲", born="1937-07-07", home="4号楼211"),
    Resident(id="resident-12", name="卫示乙", born="1949-11-19", home="4号楼312"),
)
