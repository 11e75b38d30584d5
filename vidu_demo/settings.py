"""The environment, read once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.client import BASE_URL
from vidu_demo.jobs.buying.budget import DEFAULTS, SpendingLimits
from vidu_demo.server.hosts import Host

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data" if (ROOT / "app.py").is_file() else Path("data")
"""In the project folder, or in the working directory if the package is installed."""

_ANCESTOR = re.compile(
    r"(https?://)?(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:([0-9]{1,5}|\*))?|[a-z][a-z0-9+-]*:",
    re.IGNORECASE,
)
"""A site or a scheme, as the header `Content-Security-Policy` lists them."""


def _switch(text: str) -> bool:
    """Read 0 as False and 1 as True.

    Raises:
        ValueError: It is neither.
    """
    if text not in ("0", "1"):
        raise ValueError
    return text == "1"


_KINDS = {Decimal: "a number", float: "a number", int: "a whole number", _switch: "0 or 1"}


@dataclass(frozen=True)
class Settings:
    """The app's settings. The `metadata` of each field names its environment variable."""

    api_key: str = field(
        default="",
        repr=False,
        metadata={
            "env": "NOVITA_API_KEY",
            "help": "The host's API key. Without one, the app uses the simulator.",
        },
    )
    keys: str = field(
        default="both",
        metadata={
            "env": "VIDU_KEYS",
            "help": "Whose keys can pay: `host`, `visitor` or `both`. With `visitor`, the host's "
            "key pays nothing: visitors use the simulator until they enter a key of their own.",
        },
    )
    base_url: str = field(
        default=BASE_URL, metadata={"env": "NOVITA_BASE_URL", "help": "The API's address."}
    )
    data_dir: Path = field(
        default=DATA,
        metadata={"env": "VIDU_DATA_DIR", "help": "Folder for the ledger and the videos."},
    )
    database_url: str = field(
        default="",
        repr=False,
        metadata={
            "env": "VIDU_DATABASE_URL",
            "help": "The ledger's database, as an SQLAlchemy URL; by default, SQLite in the data "
            "folder. With PostgreSQL, several processes can share it and the data folder.",
        },
    )
    media_hosts: str = field(
        default="",
        metadata={
            "env": "VIDU_MEDIA_HOSTS",
            "help": "Comma-separated hosts that videos can be downloaded from, besides public "
            "https hosts.",
        },
    )
    requests_per_second: float = field(
        default=5.0,
        metadata={
            "env": "VIDU_REQUESTS_PER_SECOND",
            "help": "Maximum polls per second, for all jobs and processes together.",
        },
    )
    budget_per_day: Decimal | None = field(
        default=None,
        metadata={
            "env": "VIDU_BUDGET_PER_DAY",
            "kind": Decimal,
            "help": "Estimated US dollars of the host's key that all visitors together can spend "
            f"per day (UTC). By default {DEFAULTS.per_day} if other machines can reach the app, "
            "and no limit otherwise; a value set here applies everywhere.",
        },
    )
    visitor_budget_per_day: Decimal | None = field(
        default=None,
        metadata={
            "env": "VIDU_VISITOR_BUDGET_PER_DAY",
            "kind": Decimal,
            "help": "The same for each visitor, counted by sign-in, or by browser and by IP "
            f"address. By default {DEFAULTS.visitor_per_day}, likewise.",
        },
    )
    max_price: Decimal | None = field(
        default=None,
        metadata={
            "env": "VIDU_MAX_PRICE",
            "kind": Decimal,
            "help": "Estimated US dollars of the host's key that one click can cost. "
            f"By default {DEFAULTS.max_price}, likewise.",
        },
    )
    max_jobs_per_visitor: int | None = field(
        default=None,
        metadata={
            "env": "VIDU_MAX_JOBS_PER_VISITOR",
            "kind": int,
            "help": "Unfinished videos that each visitor can have at once with the host's key, and "
            f"as many on the simulator. By default {DEFAULTS.max_jobs}, likewise, where the host's "
            "key pays.",
        },
    )
    paused: bool = field(
        default=False,
        metadata={
            "env": "VIDU_PAUSED",
            "kind": _switch,
            "help": "1 stops new videos; those under way are finished. A file named PAUSED in the "
            "data folder does the same while the app runs.",
        },
    )
    retention_days: float | None = field(
        default=None,
        metadata={
            "env": "VIDU_RETENTION_DAYS",
            "kind": float,
            "help": "Days until a finished job is deleted, with its pictures, its video and its "
            "prompt; one that never ends counts as finished after 2 days. By default 7 if other "
            "machines can reach the app, and never otherwise.",
        },
    )
    max_disk_gb: float | None = field(
        default=None,
        metadata={
            "env": "VIDU_MAX_DISK_GB",
            "kind": float,
            "help": "Maximum gigabytes for the data folder, uploads and copies. Uploads and "
            "copies can take a fifth of it, checked once a minute. When it is full, they are "
            "deleted first, then new jobs are refused; videos are never deleted to make room.",
        },
    )
    trusted_proxies: str = field(
        default="",
        metadata={
            "env": "VIDU_TRUSTED_PROXIES",
            "help": "Comma-separated addresses or networks of proxies in front of the app, whose "
            "X-Forwarded-For names the visitor's address.",
        },
    )
    allowed_hosts: str = field(
        default="",
        metadata={
            "env": "VIDU_ALLOWED_HOSTS",
            "help": "Comma-separated extra host names that the app answers to, and whose pages can "
            "use it; `.example.com` means all subdomains.",
        },
    )
    frame_ancestors: str = field(
        default="",
        metadata={
            "env": "VIDU_FRAME_ANCESTORS",
            "help": "Comma-separated sites that can show the page in a frame, besides Hugging "
            "Face's, such as `https://example.com`.",
        },
    )
    password: str = field(
        default="",
        repr=False,
        metadata={
            "env": "VIDU_PASSWORD",
            "help": "A password for all visitors, with any user name.",
        },
    )
    sign_in: str = field(
        default="",
        metadata={
            "env": "VIDU_SIGN_IN",
            "help": "`huggingface`: visitors must sign in with Hugging Face. Only on a Space with "
            "`hf_oauth: true`.",
        },
    )
    sign_in_allowed: str = field(
        default="",
        metadata={
            "env": "VIDU_SIGN_IN_ALLOWED",
            "help": "Comma-separated Hugging Face user names that can sign in; by default, all.",
        },
    )

    def __post_init__(self) -> None:
        if self.keys not in ("host", "visitor", "both"):
            raise ValueError(f"VIDU_KEYS must be host, visitor or both, not {self.keys!r}")
        if not self.requests_per_second > 0:
            raise ValueError("VIDU_REQUESTS_PER_SECOND must be above 0")
        for variable, amount in (
            ("VIDU_BUDGET_PER_DAY", self.budget_per_day),
            ("VIDU_VISITOR_BUDGET_PER_DAY", self.visitor_budget_per_day),
            ("VIDU_MAX_PRICE", self.max_price),
        ):
            if amount is not None and not (amount.is_finite() and amount >= 0):
                raise ValueError(f"{variable} must be an amount in US dollars, 0 or more")
        for variable, number in (
            ("VIDU_RETENTION_DAYS", self.retention_days),
            ("VIDU_MAX_DISK_GB", self.max_disk_gb),
        ):
            if number is not None and not 0 < number < float("inf"):
                raise ValueError(f"{variable} must be above 0")
        if self.max_jobs_per_visitor is not None and self.max_jobs_per_visitor < 1:
            raise ValueError("VIDU_MAX_JOBS_PER_VISITOR must be 1 or more")
        try:
            for proxy in self.proxies:
                ip_network(proxy)
        except ValueError:
            raise ValueError(
                "VIDU_TRUSTED_PROXIES must be comma-separated IP addresses or networks such as "
                f"10.0.0.0/8, not {self.trusted_proxies!r}"
            ) from None
        if len(self.hosts) != self.allowed_hosts.count(",") + bool(self.allowed_hosts):
            raise ValueError(
                "VIDU_ALLOWED_HOSTS must be comma-separated host names such as "
                f"videos.example.com, not {self.allowed_hosts!r}"
            )
        if not all(map(_ANCESTOR.fullmatch, self.ancestors)):
            raise ValueError(
                "VIDU_FRAME_ANCESTORS must be comma-separated sites such as https://example.com, "
                f"not {self.frame_ancestors!r}"
            )
        if self.sign_in not in ("", "huggingface"):
            raise ValueError(f"VIDU_SIGN_IN must be huggingface, not {self.sign_in!r}")
        if self.sign_in and self.password:
            raise ValueError("VIDU_SIGN_IN and VIDU_PASSWORD can't be used together")
        if self.sign_in_allowed and not self.sign_in:
            raise ValueError("VIDU_SIGN_IN_ALLOWED needs VIDU_SIGN_IN=huggingface")

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The extra host names that the app answers to."""
        read = map(Host.read, self.allowed_hosts.split(","))
        return tuple(host for host in read if host)

    @property
    def host_pays(self) -> bool:
        """True if the host's key pays for visitors who have none of their own."""
        return bool(self.api_key) and self.keys != "visitor"

    @property
    def visitors_pay(self) -> bool:
        """True if visitors can pay with keys of their own."""
        return self.keys != "host"

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The sites, besides Hugging Face's, that can show the page in a frame."""
        return _listed(self.frame_ancestors)

    @property
    def allowed_users(self) -> tuple[str, ...]:
        """The user names that can sign in; if empty, all can."""
        return _listed(self.sign_in_allowed)

    @property
    def limits(self) -> SpendingLimits:
        """The limits on spending that are set, and whether the host has paused the app."""
        amounts = (self.budget_per_day, self.visitor_budget_per_day, self.max_price)
        return SpendingLimits(*amounts, self.max_jobs_per_visitor, paused=self.is_paused)

    @property
    def max_bytes(self) -> float | None:
        """The disk space for videos, uploads and copies, in bytes; None for no limit."""
        return None if self.max_disk_gb is None else 1e9 * self.max_disk_gb

    @property
    def is_paused(self) -> bool:
        """True while nobody can start a video. Looks for the file every time."""
        return self.paused or (self.data_dir / "PAUSED").exists()

    @property
    def proxies(self) -> tuple[str, ...]:
        """The trusted proxies."""
        return tuple(filter(None, map(str.strip, self.trusted_proxies.split(","))))

    @property
    def shared(self) -> bool:
        """True if several processes can use the data folder and the database."""
        return self.database_url.startswith("postgresql")

    @property
    def ledger_url(self) -> str | sa.URL:
        """The ledger's database, as an SQLAlchemy URL."""
        file = self.data_dir / "ledger.db"
        return self.database_url or sa.URL.create("sqlite", database=str(file))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; an empty variable counts as not set.

        Raises:
            ValueError: A variable has a value of the wrong kind; the message names it.
        """
        given: dict[str, Any] = {}
        for about in fields(cls):
            variable = about.metadata["env"]
            text = environment.get(variable, "").strip()
            if text:
                kind: type[Any] = about.metadata.get("kind", type(about.default))
                try:
                    given[about.name] = kind(text)
                except (ValueError, ArithmeticError):
                    raise ValueError(f"{variable} must be {_KINDS[kind]}, not {text!r}") from None
        return cls(**given)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(map(str.strip, text.split(","))) if text else ()
