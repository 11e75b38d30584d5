"""The top of the page: its name, what it does, who pays."""

from vidu_demo.ui.i18n.words import Say
from vidu_demo.ui.payer import Payer

UNKEPT = (
    "This browser keeps nothing for this page, so your videos won't be found again after a "
    "reload. Download them, or note their task ids."
)
"""Stands in the heading, out of sight while the browser knows the visitor again."""


def render(payer: Payer, say: Say) -> str:
    """Write the heading as HTML."""
    kind = "simulated" if payer is Payer.NOBODY else "paid"
    return (
        '<header class="heading"><h1>Vidu Q2 Pro</h1>'
        f"<p>{say('A picture and a sentence become a video.')}</p>"
        f'<p class="payer {kind}">{say(payer.line)}</p>'
        f'<p class="unkept">{say(UNKEPT)}</p></header>'
    )
