"""What LINE tells the bot: checked, answered once, within the life of a reply token.

The signature over the raw bytes is the proof, not the sender's address. An event is claimed before
it is answered and done after, so that its redelivery answers what died half-way and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from alerts.bot.events import read_events, signed
from alerts.bot.replies import Reply
from alerts.bot.seen import answered, claim, release
from alerts.bot.talk import answer
from alerts.bot.types import Event
from kawamori.bot_world import StoredWorld
from kawamori.console.access import from_service
from kawamori.console.desk import Desk, desk_of
from kawamori.console.tries import Tries
from kawamori.settings import Settings

BODY_MAX = 1024 * 1024  # bytes; LINE sends a few kB
REPLY_TIMEOUT_S = 5.0  # a reply token lives about a minute, and LINE waits for our 200
PATH = "/v2/bot/message/reply"
LOG = logging.getLogger(__name__)
unsigned = Tries()  # what LINE signed is never counted: it may come behind one proxy with all else

router = APIRouter(dependencies=[Depends(from_service)])


@router.post("/line/webhook")
async def webhook(
    request: Request,
    desk: Annotated[Desk, Depends(desk_of)],
    x_line_signature: Annotated[str, Header()] = "",
) -> Response:
    """Answer the events of one signed request; 500 asks LINE to send them again."""
    body = await read_body(request)
    if body is None:
        return Response(status_code=413)
    secret = desk.settings.line_channel_secret.get_secret_value()
    if not signed(body, x_line_signature, secret):
        host = request.client.host if request.client else ""
        return Response(status_code=403 if unsigned.allow(host, desk.now()) else 429)
    try:
        events = read_events(body)
    except ValueError:  # signed, yet not readable: LINE has changed; sending it again is no use
        LOG.warning("LINE sent a signed body that is no list of events")
        return Response(status_code=200)
    done = await run_in_threadpool(answer_events, desk, world_of(request, desk), events)
    return Response(status_code=200 if done else 500)


async def read_body(request: Request) -> bytes | None:
    """Give the raw bytes, None = more than `BODY_MAX`; what is too much is not kept."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX:
            return None
    return bytes(body)


def world_of(request: Request, desk: Desk) -> StoredWorld:
    """Give the application's world; the city is read once for all requests."""
    world: StoredWorld | None = getattr(request.app.state, "bot_world", None)
    if world is None:
        world = request.app.state.bot_world = StoredWorld(desk.settings, desk.engine)
    return world


def answer_events(desk: Desk, world: StoredWorld, events: Sequence[Event]) -> bool:
    """Answer each event that nobody has answered; tell whether all are done.

    One that fails does not stop the others.
    """
    done = True
    for event in events:
        now = desk.now()
        with desk.engine.begin() as connection:
            if not claim(connection, event.event_id, now):
                continue
        try:
            replies = answer(event, world.at(now), now)
            if replies and event.reply_token:
                send_reply(desk.settings, event.reply_token, replies)
        except Exception as error:  # noqa: BLE001 - its text may hold a user id or a position
            LOG.warning("an event of the chat was not answered: %s", type(error).__name__)
            with desk.engine.begin() as connection:
                release(connection, event.event_id, desk.now())
            done = False
            continue
        with desk.engine.begin() as connection:
            answered(connection, event.event_id, desk.now())
    return done


def send_reply(settings: Settings, token: str, replies: Sequence[Reply]) -> None:
    """Hand the answer to LINE; a token that is used or too old is nobody's fault.

    Raises
    ------
    OSError
        If LINE did not answer, or answered 5xx.
    """
    import httpx2

    body: dict[str, Any] = {"replyToken": token, "messages": list(replies)}
    bearer = settings.line_token.get_secret_value()
    try:
        told = httpx2.post(
            settings.line_host + PATH,
            json=body,
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=REPLY_TIMEOUT_S,
        )
    except httpx2.HTTPError as error:
        raise OSError(f"LINE did not answer: {type(error).__name__}") from None
    if told.status_code >= 500:
        raise OSError(f"LINE answered {told.status_code}")
    if told.status_code >= 400:
        LOG.warning("LINE refused a reply: %s", told.status_code)
