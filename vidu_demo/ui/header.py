"""The top of the page: its name, what it does, who pays, who has signed in."""

from vidu_demo.ui import templates
from vidu_demo.ui.browser.visitor import SignedIn
from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.payer import WhoseKey


def render(payer: WhoseKey, say: Say, who: SignedIn | None = None) -> str:
    """Render the header as HTML."""
    kind = "simulated" if payer is WhoseKey.NOBODY else "paid"
    return templates.render("header.html", kind=kind, payer=payer.line, say=say, who=who)
