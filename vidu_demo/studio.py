"""Everything behind the page, put together from the settings: ledger, client, runner.

Without a key it starts the simulator, and everything else stays the same.
"""

from pathlib import Path

from filelock import FileLock, Timeout

from vidu_demo.client import ViduClient
from vidu_demo.errors import ViduError
from vidu_demo.jobs import JobRunner
from vidu_demo.ledger import Ledger, LedgerFailed
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator

SIMULATOR = "simulator"
"""The simulator's name in the ledger: its address changes at every start."""
SIMULATED_REQUESTS_PER_SECOND = 50.0


class DataInUse(ViduError):
    """Another run of the app works on the same data: each job must have one follower only."""

    what = "Another run of this app is using the same data folder."
    next_step = "Stop that one, or give this one another folder with VIDU_DATA_DIR."


class Studio:
    """A running job runner with what it needs.

    Args:
        settings: The environment.
        simulate: Use the simulator even if there is a key.

    Raises:
        DataInUse: Another run of the app has the data folder.
        LedgerFailed: The ledger can't be opened.
    """

    def __init__(self, settings: Settings, *, simulate: bool = False) -> None:
        self.simulated = simulate or not settings.api_key
        self.videos = settings.data_dir / "videos"
        self._simulator: Simulator | None = None
        self._lock = _lock(settings.data_dir)
        self._ledger = Ledger(settings.ledger_url)
        if self.simulated:
            self._simulator = Simulator(folder=settings.data_dir / "simulator", remember=False)
            self._simulator.start()
            self._client = ViduClient(self._simulator.key, self._simulator.url)
        else:
            self._client = ViduClient(settings.api_key, settings.base_url)
        self.runner = JobRunner(
            self._ledger,
            self._client,
            backend=SIMULATOR if self.simulated else settings.base_url,
            videos=self.videos,
            requests_per_second=SIMULATED_REQUESTS_PER_SECOND
            if self.simulated
            else settings.requests_per_second,
        ).open()

    def close(self) -> None:
        """Stop following jobs. They are taken up again at the next start."""
        self.runner.close()
        if self._simulator:
            self._simulator.close()
        self._client.close()
        self._ledger.close()
        self._lock.release()


def _lock(folder: Path) -> FileLock:
    lock = FileLock(folder / "in-use.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise DataInUse from None
    except OSError as error:
        raise LedgerFailed(f"The data folder can't be used: {error.strerror}.") from None
    return lock
