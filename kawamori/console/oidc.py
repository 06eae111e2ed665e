"""Signing in with the organisation's account: OpenID Connect, authorization code with PKCE.

Off unless KAWAMORI_OIDC_ISSUER is set. Roles come from the claim `groups` by the table of the
settings, anew at every sign-in; whoever has none of these groups stays outside. What ties the
answer to this browser (state, nonce, verifier) is a signed cookie of ten minutes under /oidc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any

from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError
from sqlalchemy import Connection, insert, update
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware

from alerts.ledger import append
from kawamori.console.access import public
from kawamori.console.accounts import account, find_account
from kawamori.console.desk import Desk, desk_of
from kawamori.console.doors import begin_session
from kawamori.console.errors import ForbiddenError
from kawamori.console.roles import check_roles
from kawamori.settings import Settings

COOKIE, LIFE_S = "kawamori-oidc", 600
CALLBACK = "/oidc/callback"
router = APIRouter(prefix="/oidc", dependencies=[Depends(public)])
Here = Annotated[Desk, Depends(desk_of)]


def set_up(app: FastAPI, settings: Settings) -> None:
    """Add the provider to an application, if the settings name one.

    Raises
    ------
    ValueError
        If the settings are incomplete or give somebody an unknown role.
    """
    if not settings.oidc_issuer:
        return
    secret = settings.oidc_client_secret.get_secret_value()
    if not (settings.oidc_client_id and secret and settings.console_url and settings.oidc_roles):
        raise ValueError(
            "OIDC needs KAWAMORI_OIDC_CLIENT_ID, _OIDC_CLIENT_SECRET, _OIDC_ROLES and _CONSOLE_URL."
        )
    check_roles(settings.oidc_roles.values())
    oauth = OAuth()
    oauth.register(
        "idp",
        client_id=settings.oidc_client_id,
        client_secret=secret,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile groups", "code_challenge_method": "S256"},
    )
    app.state.idp = oauth.idp
    app.add_middleware(
        SessionMiddleware,
        secret_key=sha256(b"oidc:" + secret.encode()).hexdigest(),
        session_cookie=COOKIE,
        max_age=LIFE_S,
        path="/oidc",
        same_site="lax",
        https_only=settings.console_url.startswith("https://"),
    )
    app.include_router(router)


@router.get("/start")
async def start(request: Request, desk: Here) -> Response:
    """Lead to the provider's sign-in."""
    way_back = desk.settings.console_url.rstrip("/") + CALLBACK
    answer: Response = await request.app.state.idp.authorize_redirect(request, way_back)
    return answer


@router.get("/callback")
async def callback(request: Request, desk: Here) -> Response:
    """Take the provider's answer, check its signature, nonce and issuer, and open a session."""
    try:
        token = await request.app.state.idp.authorize_access_token(request)
    except (OAuthError, JoseError) as error:
        raise ForbiddenError(f"the provider's answer is not valid: {error}") from error
    claims: Mapping[str, Any] = token.get("userinfo") or {}
    account_id = await run_in_threadpool(_admit, desk, claims)
    answer = RedirectResponse("/", 303)
    await run_in_threadpool(begin_session, request, desk, answer, account_id)
    return answer


def roles_of(claims: Mapping[str, Any], table: Mapping[str, str]) -> tuple[str, ...]:
    """Give the roles of somebody's groups, or raise ForbiddenError if there are none."""
    groups = claims.get("groups")
    held = [table[each] for each in groups if each in table] if isinstance(groups, list) else []
    if not held:
        raise ForbiddenError(f"none of your groups opens the console; ask for {sorted(table)}")
    return check_roles(held)


def _admit(desk: Desk, claims: Mapping[str, Any]) -> str:
    """Write down who came, with the roles of today; give the account id."""
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    if not issuer or not subject:
        raise ForbiddenError("the provider does not say who you are")
    roles = roles_of(claims, desk.settings.oidc_roles)
    account_id = "oidc-" + sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:24]
    with desk.engine.begin() as connection:
        _write(connection, account_id, str(claims.get("name") or account_id), roles, desk)
    return account_id


def _write(
    connection: Connection, account_id: str, name: str, roles: Sequence[str], desk: Desk
) -> None:
    known = find_account(connection, account_id)
    if known is not None and known.disabled:
        raise ForbiddenError("this account is disabled")
    if known is not None and known.roles == tuple(roles):
        return
    values = {"name": name, "roles": list(roles)}
    ours = account.c.account_id == account_id
    if known is None:
        state = {"shelters": [], "must_change": False, "disabled": False, "at": desk.now()}
        connection.execute(insert(account).values(account_id=account_id, **values, **state))
    else:
        connection.execute(update(account).where(ours).values(**values))
    facts = {"account": account_id, "roles": list(roles)}
    append(connection, "account.oidc", facts, by=account_id, at=desk.now())
