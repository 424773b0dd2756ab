"""What a look at a face is worth, and how many pass: measured figures with their sources, and who is where.

| rate | figure | source |
|---|---|---|
| an enrolled person matches | 93.9 % | models/face_embedding.md, "Thresholds": welfare, 3 photographs, 229 looks |
| and is clear of the second | 99 % | models/manifest.toml, [face]: the margin costs 1 right match in 100 |
| a stranger matches one entry | 1 in 100,000 | models/face_embedding.md, "Thresholds": welfare |
| and is clear of the second | 1 in 3 | models/manifest.toml, [face]: it stopped two in three (counted at 0.892) |

A passage averages several looks; that was not measured, so a passage counts as one look here.
"""

from typing import Final

from fleet_day import Site, passages_an_hour

HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
AREAS: Final = 10
CAMERAS: Final = 272
TRUE_MATCH: Final = 0.939 * 0.99
FALSE_MATCH: Final = 1e-5
CLEAR_OF_SECOND: Final = 1 / 3


def site(camera: int) -> Site:
    """62 gates, 10 clinics, 200 doors, spread over the areas."""
    if camera < 10:
        return Site.CLINIC
    return Site.GATE if camera < 72 else Site.DOOR


def area(camera: int) -> int:
    return camera % AREAS


def passages_a_day(camera: int) -> float:
    """Of anybody."""
    return sum(passages_an_hour(site(camera), hour) for hour in range(24))


def false_sightings_a_passage(gallery: int, false_match: float) -> float:
    """That somebody who passes is taken for one of so many watched people, surely enough for the watch."""
    return (1 - (1 - false_match) ** gallery) * CLEAR_OF_SECOND
