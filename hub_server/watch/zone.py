"""The office's own clock, for what people read: inside, every time is microseconds UTC."""

from datetime import timedelta, timezone
from typing import Final

OFFICE_ZONE_NAME: Final = "Asia/Shanghai"
OFFICE_ZONE: Final = timezone(timedelta(hours=8), OFFICE_ZONE_NAME)  # China keeps one time and no summer time
