"""Two people of a gallery whom a camera took for one another once: told apart by a wider margin from then on. Pure."""

from collections.abc import Collection, Iterable

from edge_agent.errors import GalleryError
from edge_agent.wire.gallery import LOOKALIKES_MAX, WrittenLookalike


def check_lookalikes(pairs: Iterable[WrittenLookalike], *, persons: Collection[str]) -> tuple[WrittenLookalike, ...]:
    """The same pairs. Raises GalleryError for what cannot be pairs of `persons`."""
    checked = tuple(pairs)
    if len(checked) > LOOKALIKES_MAX:
        raise GalleryError(f"{len(checked)} pairs of lookalikes: at most {LOOKALIKES_MAX} fit")
    inside = frozenset(persons)
    for pair in checked:
        if pair.person == pair.other:
            raise GalleryError(f"{pair.person[:80]!r} is their own lookalike")
        if pair.person not in inside or pair.other not in inside:
            raise GalleryError(f"the lookalikes {pair.person[:80]!r} and {pair.other[:80]!r} are not both in it")
        if not 0 < pair.wider_by <= 1:
            raise GalleryError(f"a margin wider by {pair.wider_by}: must be above 0, at most 1")
    if len({frozenset((pair.person, pair.other)) for pair in checked}) != len(checked):
        raise GalleryError("a pair of lookalikes is in it twice")
    return checked


def among(pairs: Iterable[WrittenLookalike], persons: Collection[str]) -> tuple[WrittenLookalike, ...]:
    """Those pairs of which both are among `persons`."""
    inside = frozenset(persons)
    return tuple(pair for pair in pairs if pair.person in inside and pair.other in inside)
