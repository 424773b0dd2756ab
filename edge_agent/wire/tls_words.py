"""What goes wrong in TLS between agent, broker and hub, in words that say who has to do what. Pure."""

import ssl
from typing import Final

_OF_ITS_CERTIFICATE: Final = {
    9: "the broker's certificate is not valid yet by this machine's clock: is the clock right?",
    10: "the broker's certificate has expired, or this machine's clock is ahead: is the clock right?",
    18: "the broker's certificate is signed by itself, not by the CA that is named here",
    19: "the broker's certificate was issued by another CA than the one that is named here",
    20: "the broker's certificate was issued by another CA than the one that is named here",
    21: "the broker's certificate was issued by another CA than the one that is named here",
    26: "the broker shows a certificate that is not one for a broker",
    62: "the broker's certificate is for another name",
    64: "the broker's certificate is for another address",
}
"""By X509_V_ERR_* of OpenSSL (x509_vfy.h), as Python gives it in `verify_code`."""

_OF_OUR_CERTIFICATE: Final = {
    "CERTIFICATE_EXPIRED": "the broker says that our certificate has expired, or is not valid yet by its clock",
    "CERTIFICATE_REVOKED": "the broker says that our certificate was revoked: it counts no more",
    "UNKNOWN_CA": "the broker says that our certificate was issued by another CA than its own",
    "BAD_CERTIFICATE": "the broker does not take our certificate",
    "UNSUPPORTED_CERTIFICATE": "the broker says that our certificate is not one for a device or a hub",
    "CERTIFICATE_UNKNOWN": "the broker does not take our certificate",
    "CERTIFICATE_REQUIRED": "the broker wants a certificate, and we have none",
    "HANDSHAKE_FAILURE": "the broker and we cannot agree on TLS: it may want a certificate, and we have none",
    "PROTOCOL_VERSION": "the broker does not speak the TLS that we do",
    "UNSUPPORTED_PROTOCOL": "the broker does not speak the TLS that we do",
    "WRONG_VERSION_NUMBER": "this port does not speak TLS (8883 usually does, 1883 does not)",
}
"""By the end of the name of an alert (RFC 8446, section 6), or of OpenSSL's own complaint."""

_CUT_SHORT: Final = (
    "the broker hung up in the middle of TLS: this port may not speak it, or our certificate is not taken"
)


def tls_words(error: OSError | ValueError) -> str:
    """For a person; what is not known here is said as it came."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _OF_ITS_CERTIFICATE.get(error.verify_code)
        return error.verify_message if known is None else f"{known} ({error.verify_message})"
    if isinstance(error, (ssl.SSLEOFError, ConnectionResetError)):
        return _CUT_SHORT
    if isinstance(error, ssl.SSLError):
        reason = str(getattr(error, "reason", None))  # one that Python itself raises has none
        known = next((words for end, words in _OF_OUR_CERTIFICATE.items() if reason.endswith(end)), None)
        return str(error) if known is None else known
    return str(error)
