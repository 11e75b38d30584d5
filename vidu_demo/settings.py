"""The environment, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vidu_demo.api.client import BASE_URL
from vidu_demo.jobs.budget import DEFAULT_PER_DAY
from vidu_demo.server.hosts import Host

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data" if (ROOT / "app.py").is_file() else Path("data")
"""In the project's own folder; where the package is installed, in the folder one works in."""


@dataclass(frozen=True)
class Settings:
    """What the app runs with. Each field names its environment variable in `metadata`."""

    api_key: str = field(
        default="",
        repr=False,
        metadata={
            "env": "NOVITA_API_KEY",
            "help": "The key that pays. Without it the app starts the simulator.",
        },
    )
    base_url: str = field(
        default=BASE_URL, metadata={"env": "NOVITA_BASE_URL", "help": "The API's address."}
    )
    data_dir: Path = field(
        default=DATA,
        metadata={"env": "VIDU_DATA_DIR", "help": "Where the ledger and the videos are kept."},
    )
    database_url: str = field(
        default="",
        repr=False,
        metadata={
            "env": "VIDU_DATABASE_URL",
            "help": "The ledger's database, as an SQLAlchemy URL. "
            "By default SQLite in the data folder.",
        },
    )
    media_hosts: str = field(
        default="",
        metadata={
            "env": "VIDU_MEDIA_HOSTS",
            "help": "Hosts that links to videos may lead to, with commas between them, besides "
            "every public one over https.",
        },
    )
    requests_per_second: float = field(
        default=5.0,
        metadata={
            "env": "VIDU_REQUESTS_PER_SECOND",
            "help": "The most that this process asks the API, over all jobs together.",
        },
    )
    budget_per_day: Decimal | None = field(
        default=None,
        metadata={
            "env": "VIDU_BUDGET_PER_DAY",
            "kind": Decimal,
            "help": "US dollars, by estimate, that all visitors together may spend on a day (UTC). "
            f"By default {DEFAULT_PER_DAY} where others than this machine can reach the app; "
            "with a value set, it holds everywhere.",
        },
    )

    allowed_hosts: str = field(
        default="",
        metadata={
            "env": "VIDU_ALLOWED_HOSTS",
            "help": "Names that the app answers to beside its own, and whose pages may use it, "
            "comma separated; `.example.com` is every name below it.",
        },
    )

    def __post_init__(self) -> None:
        if not self.requests_per_second > 0:
            raise ValueError("VIDU_REQUESTS_PER_SECOND must be above 0")
        budget = self.budget_per_day
        if budget is not None and not (budget.is_finite() and budget >= 0):
            raise ValueError("VIDU_BUDGET_PER_DAY must be an amount in US dollars, 0 or more")
        if len(self.hosts) != self.allowed_hosts.count(",") + bool(self.allowed_hosts):
            raise ValueError(
                "VIDU_ALLOWED_HOSTS must be host names such as videos.example.com, with a comma "
                f"between them, not {self.allowed_hosts!r}"
            )

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The further names that the app answers to."""
        read = map(Host.read, self.allowed_hosts.split(","))
        return tuple(host for host in read if host)

    @property
    def ledger_url(self) -> str | sa.URL:
        """The database that is used, as an SQLAlchemy URL."""
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
                    raise ValueError(
                        f"{variable} must be a {kind.__name__}, not {text!r}"
                    ) from None
        return cls(**given)
