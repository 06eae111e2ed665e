"""POST to addresses that other people chose: https and public hosts only, redirects not followed.

The host is looked up once and that address is used, so that a name cannot turn into an address of
the city's own network between the check and the request.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3

from alerts.types import Batch, PermanentError, Receipt, RetryableError

LATER = {408, 425, 429}  # besides 5xx
ANSWER_MAX = 65_536  # bytes of an answer that are read, so that its connection can be kept
CONNECTIONS = 8


class ForbiddenAddressError(ValueError):
    """The address is not https, carries a login, or lies in a private network."""


@dataclass(frozen=True)
class Posted:
    """What a service answered."""

    status: int
    retry_after_s: float | None = None


@dataclass
class _Round:
    """Positions of one try."""

    accepted: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    wait_s: float | None = None


class Poster:
    """Keeps connections; threads may share it.

    `allow_private` also lets plain http and addresses of private networks through: for a relay in
    the city's own network, and for tests.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 10.0,
        allow_private: bool = False,
        resolve: Callable[..., Iterable[Any]] = socket.getaddrinfo,
    ) -> None:
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._resolve = resolve
        self._pools = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False)
        # urllib3 would log each path at DEBUG, and the path of such an address is its secret.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Posted:
        """Send once and give the answer's status, whatever it is.

        Raises
        ------
        ForbiddenAddressError
            If the address may not be used.
        OSError, urllib3.exceptions.HTTPError
            If the host was not found or did not answer.
        """
        parts = self._checked(url)
        secure = parts.scheme == "https"
        host, port = str(parts.hostname), parts.port or (443 if secure else 80)
        named = {"server_hostname": host, "assert_hostname": host} if secure else {}
        pool = self._pools.connection_from_host(
            self._address(host, port), port, parts.scheme, pool_kwargs=named
        )
        answer = pool.urlopen(
            "POST",
            f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
            body=body,
            headers={"Host": parts.netloc, **headers},
            redirect=False,
            retries=False,
            timeout=self._timeout_s,
            preload_content=False,
        )
        rest = answer.read(ANSWER_MAX, decode_content=False)
        answer.release_conn() if len(rest) < ANSWER_MAX else answer.close()
        wait = answer.headers.get("Retry-After", "")
        return Posted(answer.status, float(wait) if wait.isdecimal() else None)

    def close(self) -> None:
        """Give back the connections."""
        self._pools.clear()

    def _checked(self, url: str) -> SplitResult:
        parts = urlsplit(url)  # its ValueError would quote the address
        schemes = ("https", "http") if self._allow_private else ("https",)
        if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
            raise ForbiddenAddressError(f"an address must begin with {schemes[0]}:// and a host.")
        return parts

    def _address(self, host: str, port: int) -> str:
        found = [str(one[4][0]) for one in self._resolve(host, port, type=socket.SOCK_STREAM)]
        private = [one for one in found if not _is_public(one)]
        if private and not self._allow_private:
            raise ForbiddenAddressError("an address must not lie in a private network.")
        if not found:
            raise OSError("the host has no address")
        return found[0]


def post_each(batch: Batch, post: Callable[[str], Posted]) -> Receipt:
    """Post to every pending recipient; one that is gone or forbidden is refused for good.

    Raises
    ------
    RetryableError
        If some were put off or did not answer: `pending` names them.
    PermanentError
        If every recipient of the batch is refused.
    """
    done = _Round()
    everyone = range(len(batch.recipients))
    for position in everyone if batch.pending is None else batch.pending:
        _post_one(done, position, batch.recipients[position], post)
    said = sorted(done.said)
    if done.later:
        raise RetryableError(
            f"{len(done.later)} were put off: {said}",
            retry_after_s=done.wait_s,
            pending=done.later,
            refused=done.refused,
        )
    if len(done.refused) == len(batch.recipients):
        raise PermanentError(f"all {len(done.refused)} were refused: {said}")
    return Receipt(batch.key, accepted=len(done.accepted), refused=tuple(done.refused))


def _post_one(done: _Round, position: int, recipient: str, post: Callable[[str], Posted]) -> None:
    try:
        answer = post(recipient)
    except ValueError as error:  # its text may hold the address, so only the kind is kept
        done.said.add(type(error).__name__)
        done.refused.append(position)
        return
    except (OSError, urllib3.exceptions.HTTPError) as error:
        done.said.add(type(error).__name__)
        done.later.append(position)
        return
    if 200 <= answer.status < 300:
        done.accepted.append(position)
        return
    done.said.add(str(answer.status))
    if answer.status in LATER or answer.status >= 500:
        done.later.append(position)
        done.wait_s = max(done.wait_s or 0.0, answer.retry_after_s or 0.0) or None
    else:
        done.refused.append(position)


def _is_public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_global and not found.is_multicast)
