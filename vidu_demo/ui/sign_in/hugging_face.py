"""Sign-in with Hugging Face, on a Space.

Gradio has a sign-in with Hugging Face too. It keeps the visitor's access token in their cookie, and
off a Space it signs everybody in as the machine's owner. This one keeps only the name.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vidu_demo.api.errors import ViduError
from vidu_demo.api.text import Text
from vidu_demo.ui.sign_in.gate import NAME_KEY, ask, query

_log = logging.getLogger(__name__)

_TEMPLATE = "sign_in_hugging_face.html"
_THEN = "then"
_NEEDED = (
    "SPACE_ID",
    "SPACE_HOST",
    "OAUTH_CLIENT_ID",
    "OAUTH_CLIENT_SECRET",
    "OAUTH_SCOPES",
    "OPENID_PROVIDER_URL",
)
"""What a Space with `hf_oauth: true` has in its environment."""


class SignInUnavailable(ViduError):
    """Visitors can't sign in with Hugging Face here."""

    what = "VIDU_SIGN_IN=huggingface works only on a Hugging Face Space with `hf_oauth: true`."
    next_step = "Add that to the front matter of the Space's README, or set VIDU_PASSWORD instead."


class HuggingFace:
    """Sign-in with Hugging Face.

    Args:
        environment: The Space's environment.
        allowed: The user names that are let in; if empty, all are.

    Raises:
        SignInUnavailable: This is not a Space, or not one where visitors can sign in.
    """

    verified = True

    def __init__(self, environment: Mapping[str, str], allowed: Collection[str] = ()) -> None:
        if missing := [name for name in _NEEDED if not environment.get(name)]:
            raise SignInUnavailable(
                f"{SignInUnavailable.what} The environment lacks {', '.join(missing)}."
            )
        try:
            from authlib.integrations.starlette_client import OAuth  # noqa: PLC0415
        except ImportError:
            raise SignInUnavailable(
                "The package for signing in with Hugging Face is missing.",
                next_step='Run `pip install "gradio[oauth]"`.',
            ) from None
        self._allowed = frozenset(name.lower() for name in allowed)
        self.salt = environment["OAUTH_CLIENT_SECRET"]
        # With a domain of its own, a Space has several hosts. Hugging Face knows the first.
        host = environment["SPACE_HOST"].partition(",")[0].strip()
        self._callback = f"https://{host}/login/callback"
        oauth = OAuth()
        self._client: Any = oauth.register(
            name="huggingface",
            client_id=environment["OAUTH_CLIENT_ID"],
            client_secret=environment["OAUTH_CLIENT_SECRET"],
            client_kwargs={
                "scope": environment["OAUTH_SCOPES"],
                "code_challenge_method": "S256",
            },
            server_metadata_url=f"{environment['OPENID_PROVIDER_URL']}/.well-known/openid-configuration",
        )

    @property
    def routes(self) -> Sequence[Route]:
        """The routes to Hugging Face and back."""
        return [Route("/login/huggingface", self._start), Route("/login/callback", self._finish)]

    def allows(self, name: str) -> bool:
        """Tell whether a user is on the list, ignoring case; without a list, all are."""
        return not self._allowed or name.lower() in self._allowed

    def page(self, request: Request) -> Response:
        """Ask for a sign-in."""
        return ask(request, _TEMPLATE)

    async def _start(self, request: Request) -> Response:
        # Only the newest attempt counts: each leaves data in the cookie, whose size is limited.
        request.session.clear()
        request.session[_THEN] = query(request)
        try:
            answer: Response = await self._client.authorize_redirect(request, self._callback)
        except Exception as error:
            return self._failed(request, error)
        return answer

    async def _finish(self, request: Request) -> Response:
        try:
            token = await self._client.authorize_access_token(request)
            name = str(token["userinfo"]["preferred_username"])
        except Exception as error:
            return self._failed(request, error)
        if not self.allows(name):
            return ask(
                request,
                _TEMPLATE,
                problem=Text("{name} is not on this app's list.", name=name),
                status=HTTPStatus.FORBIDDEN,
            )
        then = str(request.session.get(_THEN, ""))
        request.session.clear()
        request.session[NAME_KEY] = name
        return RedirectResponse(f"../{then}", HTTPStatus.SEE_OTHER)

    def _failed(self, request: Request, error: Exception) -> Response:
        """Report a failure of the network or at Hugging Face, or a callback we did not start."""
        _log.warning("A sign-in with Hugging Face failed: %s", type(error).__name__)
        problem = "Signing in with Hugging Face did not work. Try again."
        return ask(request, _TEMPLATE, problem=problem, status=HTTPStatus.BAD_GATEWAY)
