"""Times as people say them at the office, by the office's clock, and as the API has them."""

import argparse
from datetime import datetime

from hub_server.web.times import OFFICE_ZONE, parse


def moment(text: str) -> str:
    """As the API takes it; what names no offset from UTC is meant by the office's clock."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it as '2026-12-01 17:00'") from error
    aware = said if said.tzinfo is not None else said.replace(tzinfo=OFFICE_ZONE)
    return aware.isoformat()


def office_time(iso: str | None) -> str:
    """A time of the API on the office's clock; "-" for none."""
    return "-" if iso is None else f"{parse(iso).astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}"
