"""`python -m vidu_demo spending`: what was spent of the host's key, by day and visitor."""

import argparse
import csv
import sys
from contextlib import closing

from vidu_demo.api.errors import ViduError
from vidu_demo.api.pricing import format_price
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.settings import Settings

COLUMNS = ("day", "visitor", "videos", "estimate")


def main() -> None:
    """Print the table; see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m vidu_demo")
    commands = parser.add_subparsers(dest="command", required=True)
    spending = commands.add_parser(
        "spending", help="what was spent of the host's key, by estimate, per day (UTC) and visitor"
    )
    spending.add_argument("--csv", action="store_true", help="as comma-separated values")
    arguments = parser.parse_args()
    try:
        with closing(Ledger(Settings.from_environment().ledger_url)) as ledger:
            rows = ledger.spending()
    except (ValueError, ViduError) as error:
        sys.exit(str(error))
    if arguments.csv:
        table = csv.writer(sys.stdout)
        table.writerow(COLUMNS)
        table.writerows(
            (row.day, row.visitor or "all", row.videos, f"{row.spent:.3f}") for row in rows
        )
        return
    print(f"{'day (UTC)':12}{'visitor':22}{'videos':>8}{'estimate':>12}")
    for row in rows:
        amount = format_price(row.spent)
        print(f"{row.day:12}{row.visitor[:20] or 'all':22}{row.videos:8}{amount:>12}")


if __name__ == "__main__":
    main()
