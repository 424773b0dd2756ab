"""Between the web, which asks for enrolments, and hub_server.enrolment, which makes them: neither knows the other."""

from collections.abc import Sequence

from hub_server.enrolment.enrolment import (
    Enroller,
    EnrolmentBusyError,
    EnrolmentUnavailableError,
    Refused,
)
from hub_server.store.custody import NewFace
from hub_server.web import EnrolmentUnavailableError as WebUnavailableError
from hub_server.web import PhotosRefusedError
from hub_server.web.enrolling import Enrol


def enrolling(enroller: Enroller) -> Enrol:
    """What the web is given."""

    def enrol(photos: Sequence[bytes]) -> NewFace:
        try:
            made = enroller.enrol(photos)
        except Refused as error:
            raise PhotosRefusedError(error.reasons) from error
        except (EnrolmentUnavailableError, EnrolmentBusyError) as error:
            raise WebUnavailableError(str(error)) from error
        return NewFace(
            embedder=made.embedder,
            template_length=made.template_length,
            templates=made.templates,
            qualities=made.qualities,
        )

    return enrol
