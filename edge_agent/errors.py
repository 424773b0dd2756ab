"""Every error that a user of the agent can meet, by whose fault it is."""


class ShouwangError(Exception):
    """Base of all errors with a message fit for a person; a CLI prints it in one line and exits 1."""


class ConfigError(ShouwangError):
    """A configuration has mistakes. `problems` maps each field to what is wrong with it, all of them at once."""

    def __init__(self, source: str, problems: dict[str, str]) -> None:
        """`source` is the file's name as the user gave it."""
        self.source = source
        self.problems = problems
        lines = "".join(f"\n  {field}: {what}" for field, what in problems.items())
        super().__init__(f"{source} has {len(problems)} mistake{'s' if len(problems) != 1 else ''}:{lines}")


class ModelError(ShouwangError):
    """A model file is missing, is not the one the manifest names, or cannot be run."""


class ImageError(ShouwangError):
    """A picture cannot be read or decoded."""


class EnrolmentError(ShouwangError):
    """A photograph cannot become a template: no face, two faces, too small, too blurred, not the same person."""


class DeviceKeyError(ShouwangError):
    """The device's own key cannot be made or read, or is not kept as a key must be."""


class JoinError(ShouwangError):
    """This device cannot enrol: the card, the hub's refusal, a hub that is not this site's, or the disk."""


class RelayError(ShouwangError):
    """The relay cannot be reached, or is asked for a longer pulse than it may give."""


class GalleryError(ShouwangError):
    """A gallery file is damaged, or was made with another embedder."""


class SceneError(ShouwangError):
    """Bytes are no learnt scene of a camera: cut short, damaged, of another version, or out of range."""


class CameraError(ShouwangError):
    """A camera cannot be opened, or has stopped giving frames."""


class JournalError(ShouwangError):
    """The journal cannot keep what it is given."""
