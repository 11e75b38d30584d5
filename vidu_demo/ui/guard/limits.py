"""The limits of the app: per request, per address and overall."""

from dataclasses import dataclass, field

MB = 1_000_000


@dataclass(frozen=True)
class RequestLimits:
    """The `metadata` of each field gives its unit and what it limits."""

    body: int = field(
        default=512_000,
        metadata={"unit": "bytes", "help": "The body of a request that is not an upload."},
    )
    values: int = field(
        default=5_000,
        metadata={
            "unit": "values",
            "help": "JSON values in a call, including those nested in lists and objects.",
        },
    )
    name: int = field(
        default=64,
        metadata={"unit": "characters", "help": "The session id that a page generates for itself."},
    )
    pictures: int = field(
        default=20,
        metadata={
            "unit": "pictures",
            "help": "In one form or one call of an endpoint, uploads and URLs together. "
            "Vidu is only known to use the first.",
        },
    )
    waiting: int = field(
        default=500,
        metadata={"unit": "calls", "help": "Calls of all endpoints waiting in the queue."},
    )
    at_once: int = field(
        default=40,
        metadata={"unit": "calls", "help": "Calls of one endpoint running at the same time."},
    )
    file: int = field(default=50 * 2**20, metadata={"unit": "bytes", "help": "One uploaded file."})
    uploads_bytes: int = field(
        default=1_000 * MB,
        metadata={"unit": "bytes an hour", "help": "Uploads from one address."},
    )
    uploads_files: int = field(
        default=1_000,
        metadata={"unit": "files an hour", "help": "Uploads from one address."},
    )
    all_uploads_bytes: int = field(
        default=10_000 * MB,
        metadata={"unit": "bytes a day", "help": "Uploads from all addresses together."},
    )
    all_uploads_files: int = field(
        default=10_000,
        metadata={"unit": "files a day", "help": "Uploads from all addresses together."},
    )


LIMITS = RequestLimits()
