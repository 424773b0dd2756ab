"""What the page says about a passage: one text for each slot of its row. static/passages.js says the same, live."""

from hub_server.web import traffic_resources, words
from hub_server.web.words import Texts

Passage = traffic_resources.TrafficPassage


def passage(row: Passage, now_s: int) -> Texts:
    """`now_s`: whole seconds since 1970 UTC."""
    if row["kind"] in {"known", "stranger"}:
        texts = words.sighting({**row, "type": "passage"}, now_s)
        return {**texts, "link": person_link(row["person"]) if row["person_name"] else ""}
    reading = None if row["text"] is None else {name: row[name] for name in ("text", "verdict", "listed")}
    said = words.plate({**row, "body": {"direction": row["direction"], "reading": reading}}, now_s)
    who, who_en = (said["plate"], "") if reading is not None else words.UNREAD
    return {
        **said,
        "who": who,
        "who_en": who_en,
        "sure": "" if reading is None else said["verdict"],
        "sure_en": "" if reading is None else said["verdict_en"],
        "link": vehicle_link(row),
    }


def person_link(person: str | None) -> str:
    return f"/people/{person}" if person else ""


def vehicle_link(row: Passage) -> str:
    """To the vehicle that is on the list; else to what else is known of the plate."""
    if row["vehicle"] is not None:
        return f"/vehicles/{row['vehicle']}"
    return "" if row["text"] is None else f"/passages?plate={row['text']}"
