"""The kinds of field that a request may have. Each description ends the sentence "<field> must be ..."."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from hub_server.store import accounts, device_profiles, ladder, limits, passwords, patterns, recipients
from hub_server.store.care import Care
from hub_server.store.imports import FILE_NAME_CHARS_MAX
from hub_server.store.retention import DataClass
from hub_server.web.scopes import Scope

# Without control characters, those of Latin-1 (C1) too. JSON Schema writes these patterns the same way, but for \Z.
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
_LINE_NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*\Z"
_LINES_NOT_BLANK = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z"
_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z"  # tabs and newlines are welcome
ROW_ID_MAX = 10**15 - 1  # 15 digits, as in a path; a JavaScript number holds it
LIST_LIMIT = 100

PersonName = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.NAME_CHARS_MAX,
        description=f"a text of 1 to {limits.NAME_CHARS_MAX} characters on one line",
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.ADDRESS_CHARS_MAX,
        description=f"a text of at most {limits.ADDRESS_CHARS_MAX} characters on one line",
    ),
]
Phone = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.PHONE_CHARS_MAX,
        description=f"a text of at most {limits.PHONE_CHARS_MAX} characters on one line",
    ),
]
Note = Annotated[
    str,
    Meta(
        pattern=_LINES,
        max_length=limits.NOTE_CHARS_MAX,
        description=f"a text of at most {limits.NOTE_CHARS_MAX} characters",
    ),
]
NoteNotBlank = Annotated[
    str,
    Meta(
        pattern=_LINES_NOT_BLANK,
        max_length=limits.NOTE_CHARS_MAX,
        description=f"a text of 1 to {limits.NOTE_CHARS_MAX} characters",
    ),
]
CommandId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z", description="32 hex digits")]
ReasonNotBlank = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.REASON_CHARS_MAX,
        description=f"a text of 1 to {limits.REASON_CHARS_MAX} characters on one line",
    ),
]
Place = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.PLACE_CHARS_MAX,
        description=f"a text of at most {limits.PLACE_CHARS_MAX} characters on one line",
    ),
]
Author = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.AUTHOR_CHARS_MAX,
        description=f"a text of 1 to {limits.AUTHOR_CHARS_MAX} characters on one line",
    ),
]
Area = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.AREA_CHARS_MAX,
        description=f"the name of a community or village, at most {limits.AREA_CHARS_MAX} characters on one line",
    ),
]
_NAME_IN_PATH = r"^[^/\x00-\x1f\x7f-\x9f]*[^\s./\x00-\x1f\x7f-\x9f][^/\x00-\x1f\x7f-\x9f]*\Z"
AreaName = Annotated[
    str,
    Meta(
        pattern=_NAME_IN_PATH,
        max_length=limits.AREA_CHARS_MAX,
        description=f"a text of 1 to {limits.AREA_CHARS_MAX} characters on one line, without /",
    ),
]
PlaceName = Annotated[
    str,
    Meta(
        pattern=_NAME_IN_PATH,
        max_length=limits.PLACE_CHARS_MAX,
        description=f"a text of 1 to {limits.PLACE_CHARS_MAX} characters on one line, without /",
    ),
]
AreaKindName = Annotated[
    Literal["sub_district", "village", "community", "grid"],
    Meta(description="one of sub_district, village, community, grid"),
]
AreaCode = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.CODE_CHARS_MAX,
        description=f"a text of at most {limits.CODE_CHARS_MAX} characters on one line",
    ),
]
PlaceKindName = Annotated[
    Literal["gate", "door", "clinic", "square", "street", "other"],
    Meta(description="one of gate, door, clinic, square, street, other"),
]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="degrees east, -180 to 180")]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="degrees north, -90 to 90")]
PersonKindName = Annotated[
    Literal["resident", "tenant", "visitor"], Meta(description="one of resident, tenant, visitor")
]
CareName = Annotated[Care, Meta(description=f"one of {', '.join(Care)}")]
CareList = Annotated[list[Care], Meta(max_length=len(Care), description=f"a list of some of {', '.join(Care)}")]
HouseholdNumber = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.NUMBER_CHARS_MAX,
        description=f"a text of at most {limits.NUMBER_CHARS_MAX} characters on one line",
    ),
]
HouseholdRelation = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.RELATION_CHARS_MAX,
        description=f"a text of at most {limits.RELATION_CHARS_MAX} characters on one line",
    ),
]
YesNo = Annotated[Literal["yes", "no"], Meta(description="yes or no")]
SearchText = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=patterns.QUERY_CHARS_MAX,
        description=f"a text of at most {patterns.QUERY_CHARS_MAX} characters on one line",
    ),
]
Day = Annotated[
    str,
    Meta(pattern=r"^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\Z", description='a day of the calendar: "1950-02-28"'),
]
TextVersion = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.TEXT_VERSION_CHARS_MAX,
        description=f"a text of 1 to {limits.TEXT_VERSION_CHARS_MAX} characters on one line",
    ),
]
Guardian = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=limits.AUTHOR_CHARS_MAX,
        description=f"a text of at most {limits.AUTHOR_CHARS_MAX} characters on one line",
    ),
]
PurposeName = Annotated[Literal["door", "welfare", "watchlist"], Meta(description="one of door, welfare, watchlist")]
BasisName = Annotated[Literal["consent", "legal"], Meta(description="consent or legal")]
Photos = Annotated[
    list[Annotated[bytes, Meta(min_length=1, max_length=limits.PHOTO_BYTES_MAX)]],
    Meta(
        min_length=1,
        max_length=limits.PHOTOS_MAX,
        description=f"1 to {limits.PHOTOS_MAX} pictures in base64, at most {limits.PHOTO_BYTES_MAX // 2**20} MiB each",
    ),
]
PersonId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}\Z",
        description="1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not first '.'",
    ),
]
DeviceId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z",
        description="1 to 63 of a-z, 0-9 and '-', not first '-'",
    ),
]
Camera = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=device_profiles.CAMERA_CHARS_MAX,
        description=f"a text of 1 to {device_profiles.CAMERA_CHARS_MAX} characters on one line",
    ),
]
Relay = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=device_profiles.RELAY_CHARS_MAX,
        description=f"a text of at most {device_profiles.RELAY_CHARS_MAX} characters on one line",
    ),
]
TokenName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z",
        description="1 to 63 of a-z, 0-9 and '-', not first '-'",
    ),
]
AccountName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,62}\Z",
        description="1 to 63 of a-z, 0-9, '.', '_' and '-', first a letter or digit",
    ),
]
Areas = Annotated[
    list[Annotated[str, Meta(pattern=_LINE_NOT_BLANK, max_length=limits.AREA_CHARS_MAX)]],
    Meta(max_length=accounts.AREAS_MAX, description=f"names of areas, at most {accounts.AREAS_MAX}, in a list"),
]
Password = Annotated[
    str,
    Meta(min_length=1, max_length=passwords.CHARS_MAX, description=f"a text of 1 to {passwords.CHARS_MAX} characters"),
]
TypeSize = Annotated[Literal["normal", "large"], Meta(description="normal or large")]
WordsShown = Annotated[Literal["both", "zh", "en"], Meta(description="one of both, zh, en")]
SessionId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z", description="16 of 0-9 and a-f")]
Scopes = Annotated[
    list[Scope],
    Meta(min_length=1, max_length=len(Scope), description=f"one or more of {', '.join(Scope)}, in a list"),
]
PeriodS = Annotated[
    int,
    Meta(
        ge=limits.PERIOD_S_MIN,
        le=limits.PERIOD_S_MAX,
        description=f"whole seconds, {limits.PERIOD_S_MIN} to {limits.PERIOD_S_MAX}",
    ),
]
GraceS = Annotated[int, Meta(ge=0, le=limits.GRACE_S_MAX, description=f"whole seconds, 0 to {limits.GRACE_S_MAX}")]
WaitS = Annotated[
    int,
    Meta(
        ge=ladder.WAIT_S_MIN,
        le=ladder.WAIT_S_MAX,
        description=f"whole seconds, {ladder.WAIT_S_MIN} to {ladder.WAIT_S_MAX}",
    ),
]
RungName = Annotated[
    Literal["worker", "community", "office", "family"], Meta(description="one of worker, community, office, family")
]
StaffedRungName = Annotated[
    Literal["worker", "community", "office"],
    Meta(description="one of worker, community, office; the family stands in the person's file"),
]
KindName = Annotated[
    Literal["visit", "phone", "clinic", "card", "vehicle"],
    Meta(description="one of visit, phone, clinic, card, vehicle"),
]
ReportName = Annotated[Literal["not_found", "emergency"], Meta(description="not_found or emergency")]
Reason = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.REASON_CHARS_MAX,
        description=f"a text of 1 to {limits.REASON_CHARS_MAX} characters on one line",
    ),
]
Relation = Annotated[
    str,
    Meta(
        pattern=_LINE,
        max_length=recipients.RELATION_CHARS_MAX,
        description=f"a text of at most {recipients.RELATION_CHARS_MAX} characters on one line",
    ),
]
ChannelUrl = Annotated[
    str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x1f\x7f-\x9f]+\Z", max_length=recipients.URL_CHARS_MAX)
]
_URLS = f"Apprise URLs, scheme://..., of at most {recipients.URL_CHARS_MAX} characters each, in a list"
Urls = Annotated[
    list[ChannelUrl],
    Meta(min_length=1, max_length=recipients.URLS_MAX, description=f"1 to {recipients.URLS_MAX} {_URLS}"),
]
UrlsIfAny = Annotated[
    list[ChannelUrl], Meta(max_length=recipients.URLS_MAX, description=f"at most {recipients.URLS_MAX} {_URLS}")
]
Moment = Annotated[
    datetime,
    Meta(tz=True, description='a time with its offset from UTC, as RFC 3339 writes it: "2026-11-23T21:40:00Z"'),
]
RowId = Annotated[int, Meta(ge=0, le=ROW_ID_MAX, description="a whole number, 0 or more")]
ListLimit = Annotated[
    int, Meta(ge=1, le=limits.PAGE_ROWS_MAX, description=f"a whole number, 1 to {limits.PAGE_ROWS_MAX}")
]
Plate = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.PLATE_CHARS_MAX,
        description=f"车牌号，例如 粤B·12345; a plate, at most {limits.PLATE_CHARS_MAX} characters with blanks and dot",
    ),
]
OwnerName = Annotated[Literal["household", "visitor"], Meta(description="household or visitor")]
Label = Annotated[
    str,
    Meta(
        pattern=_LINE_NOT_BLANK,
        max_length=limits.LABEL_CHARS_MAX,
        description=f"a text of 1 to {limits.LABEL_CHARS_MAX} characters on one line",
    ),
]
Bucket = Annotated[Literal["hour", "day"], Meta(description="hour or day")]
TrafficBucket = Annotated[
    Literal["hour", "day", "weekday", "hour_of_day"], Meta(description="one of hour, day, weekday, hour_of_day")
]
PassageKind = Annotated[
    Literal["person", "known", "stranger", "vehicle", "vehicle_known", "vehicle_unknown"],
    Meta(description="one of person, known, stranger, vehicle, vehicle_known, vehicle_unknown"),
]
EventType = Annotated[str, Meta(pattern=r"^[a-z_]{1,64}\Z", description='a type of event, such as "passage"')]
Begins = Annotated[
    str,
    Meta(pattern=_LINE, min_length=1, max_length=200, description="a text of 1 to 200 characters on one line"),
]
RetentionDays = Annotated[int, Meta(ge=1, le=3653, description="whole days, 1 to 3653")]
KeptName = Annotated[DataClass, Meta(description=f"one of {', '.join(DataClass)}")]
Truth = Annotated[bool, Meta(description="true or false")]
TableKind = Annotated[
    Literal["people", "households", "vehicles", "devices"],
    Meta(description="one of people, households, vehicles, devices"),
]
TableForm = Annotated[Literal["xlsx", "csv"], Meta(description="xlsx or csv")]
ListName = Annotated[
    Literal["people", "households", "vehicles", "alerts", "passages"],
    Meta(description="one of people, households, vehicles, alerts, passages"),
]
FileName = Annotated[
    str,
    Meta(
        pattern=_LINE, max_length=FILE_NAME_CHARS_MAX, description=f"a text of at most {FILE_NAME_CHARS_MAX} characters"
    ),
]
ReleaseNote = Annotated[
    str, Meta(pattern=_LINE, max_length=200, description="a text of at most 200 characters on one line")
]
