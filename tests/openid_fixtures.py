"""A small OpenID provider on loopback, which stands in for Hugging Face."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from asgi_fixtures import served
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET, SCOPES = "the-space", "its-secret", "openid profile"
ACCESS = "access-token-of-the-visitor"


class Provider:
    """Signs a visitor in without asking.

    Attributes:
        user: Who they are; if empty, they refuse.
        url: The provider's address, once it is served.
    """

    def __init__(self) -> None:
        self.user, self.url = "Ada", ""
        self._key = jwk.RSAKey.generate_key(2048, {"kid": "1"})
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    def environment(self, host: str) -> dict[str, str]:
        """What a Space has in its environment that uses this provider."""
        return {
            "SYSTEM": "spaces",
            "SPACE_ID": "ada/studio",
            "SPACE_HOST": host,
            "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": SECRET,
            "OAUTH_SCOPES": SCOPES,
            "OPENID_PROVIDER_URL": self.url,
        }

    def _describe(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["scope"], asked["response_type"]) == (
            CLIENT,
            SCOPES,
            "code",
        )
        assert asked["code_challenge_method"] == "S256"
        answer = {"state": asked["state"]}
        if self.user:
            code = answer["code"] = secrets.token_urlsafe()
            self._codes[code] = {**asked, "user": self.user}
        else:
            answer["error"] = "access_denied"
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self._codes.pop(str(form["code"]), None)
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            not asked
            or request.headers["authorization"] != f"Basic {login}"
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        about = {
            "iss": self.url,
            "sub": f"id of {asked['user']}",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 3600,
            "nonce": asked["nonce"],
            "preferred_username": asked["user"],
        }
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, about, self._key)
        return JSONResponse(
            {
                "access_token": ACCESS,
                "token_type": "bearer",
                "expires_in": 3600,
                "scope": SCOPES,
                "id_token": signed,
            }
        )

    def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve a provider."""
    made = Provider()
    with served(made.app) as made.url:
        yield made
