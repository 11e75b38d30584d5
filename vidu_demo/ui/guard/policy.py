"""Decides the security headers of an answer. Does no I/O.

The content policy is as strict as Gradio's page allows:

- Scripts need `'unsafe-eval'`: Gradio compiles the `js` of every listener and component, which is
  how the page calls its own scripts.
- Inline scripts run by their hash, so markup that gets into the page can't bring a script.
- Styles need `'unsafe-inline'`: Gradio and its components set them everywhere, and they change.
- Pictures can be `data:` URLs, as Gradio's icons and the first frame are.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

HUGGING_FACE = "https://huggingface.co"
FRAMED_BY = ("'self'", HUGGING_FACE, "https://*.huggingface.co", "https://*.hf.space")
"""Sites that can show the page in a frame by default."""
GRADIO_SCRIPTS = "https://gradio.s3-us-west-2.amazonaws.com"
"""Where a share link's page loads Gradio's scripts, styles and fonts from."""

_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def inline_scripts(html: bytes) -> list[str]:
    """Hash the inline scripts of a document, as a policy lists them."""
    # A browser hashes the text after it has normalised the line breaks.
    texts = (text.replace(b"\r\n", b"\n") for text in _INLINE.findall(html))
    return [f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in texts]


@dataclass(frozen=True)
class Policy:
    """Decides the headers.

    Attributes:
        framed_by: The sites that can show the page in a frame.
        head: The markup that Gradio's script adds to the page's head.
        shared: True if the page has a share link.
        space: True on a Hugging Face Space.
    """

    framed_by: Iterable[str] = FRAMED_BY
    head: bytes = b""
    shared: bool = False
    space: bool = False

    def headers(self, page: bytes | None) -> dict[str, str]:
        """Give the headers of an answer.

        Args:
            page: The document, if the answer is the page; None for any other answer.
        """
        return {
            "Content-Security-Policy": self._other() if page is None else self._page(page),
            "X-Content-Type-Options": "nosniff",
            # A link to the page can hold a prompt or a task's id.
            "Referrer-Policy": "same-origin",
        }

    def _page(self, html: bytes) -> str:
        gradio = [GRADIO_SCRIPTS] if self.shared else []
        hashes = [*inline_scripts(html), *inline_scripts(self.head)]
        # On a Space, Gradio's client can ask for the Space's state.
        hub = [HUGGING_FACE] if self.space else []
        return _written(
            {
                "default-src": ["'none'"],
                "script-src": ["'self'", "'unsafe-eval'", *gradio, *hashes],
                "style-src": ["'self'", "'unsafe-inline'", *gradio],
                "font-src": ["'self'", *gradio],
                "img-src": ["'self'", "data:", *gradio],
                "media-src": ["'self'"],
                "connect-src": ["'self'", *hub],
                "manifest-src": ["'self'"],
                "form-action": ["'self'"],
                "base-uri": ["'self'"],
                "frame-ancestors": self.framed_by,
            }
        )

    def _other(self) -> str:
        """Allow what a plain page needs, or a picture or a video that is opened by itself."""
        return _written(
            {
                "default-src": ["'none'"],
                "img-src": ["'self'", "data:"],
                "media-src": ["'self'"],
                "style-src": ["'unsafe-inline'"],
                "frame-ancestors": self.framed_by,
            }
        )


def _written(directives: dict[str, Iterable[str]]) -> str:
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())
