"""Everyone and everything that is recognised here, made of one gallery: it comes into force as a whole."""

from dataclasses import dataclass

from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.matcher import Matcher


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Known:
    """What two watchers judge by."""

    matcher: Matcher
    plates: KnownPlates

    @classmethod
    def of(cls, gallery: Gallery) -> "Known":
        """Of the people and the vehicles of a gallery, which is not kept."""
        return cls(matcher=Matcher(gallery), plates=KnownPlates(gallery.vehicles))
