"""The bounds of the app, in one place: what one request, one address and everybody may take."""

from dataclasses import dataclass, field

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Each field names its unit and says what it bounds in `metadata`."""

    body: int = field(
        default=512_000,
        metadata={"unit": "bytes", "help": "The body of a request that is no upload."},
    )
    values: int = field(
        default=5_000,
        metadata={
            "unit": "values",
            "help": "JSON values in a call, all lists and objects counted through.",
        },
    )
    name: int = field(
        default=64,
        metadata={"unit": "characters", "help": "The name of a page's session, drawn by the page."},
    )
    pictures: int = field(
        default=20,
        metadata={
            "unit": "pictures",
            "help": "In one form or call of `/generate`, uploaded and by their addresses. "
            "Vidu is only known to use the first.",
        },
    )
    waiting: int = field(
        default=500, metadata={"unit": "calls", "help": "Calls of `/generate` that wait."}
    )
    at_once: int = field(
        default=40,
        metadata={"unit": "calls", "help": "Calls of `/generate` that run at the same time."},
    )
    file: int = field(
        default=50 * 2**20, metadata={"unit": "bytes", "help": "One file that is uploaded."}
    )
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


LIMITS = Limits()
