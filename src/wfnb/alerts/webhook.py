"""A webhook: alerts as JSON to an address that may be told. It never raises when it sends, and never takes long."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, urlsplit

from wfnb.alerts.rules import Alert
from wfnb.errors import MissingExtraError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_text

__all__ = ["Delivery", "Webhook"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Networks that carry an IPv4 address inside: what looks public may lead to a private host.
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class _Refused(Exception):  # noqa: N818 - not an error: it never leaves this module
    """Why nothing is sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: where to (without path and secrets), the HTTP status, or why there is none."""

    to: str
    ok: bool
    status: int | None
    error: str | None
    alerts: int


class Webhook:
    """A receiver of alerts: ``POST`` with a JSON body ``{"source": "wfnb", "alerts": [...]}``.

    No redirect is followed and no proxy is used. The name of the host is looked up once, and the connection goes to the address
    that was checked, so that a name that changes its address in between gains nothing.

    Parameters
    ----------
    url
        ``https://`` or ``http://``. Its path and query count as secrets: they are shown nowhere.
    allow_private
        Also hosts of private networks, this machine, and the metadata service of a cloud.

    Raises
    ------
    ValidationError
        ``WEBHOOK_REFUSED`` for another scheme, an address without a host, or a private address.
    MissingExtraError
        httpx is not installed.

    Examples
    --------
    >>> Webhook("https://example.org/hook/secret")
    <Webhook https://example.org>
    """

    def __init__(self, url: str, *, allow_private: bool = False) -> None:
        if find_spec("httpx") is None:
            raise MissingExtraError(
                "Webhooks need httpx.", hint="Install it with: pip install 'wfnb[alerts]'"
            )
        self._url = check_text(url, "url")
        self._allow_private = allow_private
        self._parts = _parts(url)
        self._host = self._parts.hostname or ""
        self.to = f"{self._parts.scheme}://{self._host}"
        address = _address(self._host)
        if address is not None and not allow_private and not _is_public(address):
            raise _invalid(
                "A private address is not told anything.", "Pass allow_private=True when it may be."
            )

    def send(self, alerts: Sequence[Alert]) -> Delivery:
        """Tell the receiver; what became of it. Never raises, and gives up after ``LIMITS.webhook_time_ms``."""
        body = {"source": "wfnb", "alerts": [asdict(alert) for alert in alerts]}
        answers: list[int | str] = []
        # A thread: looking up a name has no time limit of its own, and an answer may come byte by byte.
        thread = threading.Thread(target=lambda: answers.append(self._try(body)), daemon=True)
        thread.start()
        thread.join(LIMITS.webhook_time_ms / 1000)
        answer = answers[0] if answers else "no answer in time"
        if isinstance(answer, str):
            return Delivery(self.to, ok=False, status=None, error=answer, alerts=len(alerts))
        good = 200 <= answer < 300
        return Delivery(self.to, good, answer, None if good else f"HTTP status {answer}", len(alerts))

    def _try(self, body: dict[str, Any]) -> int | str:
        """The HTTP status, or in a few words why there is none; texts of errors are not passed on, they may quote the URL."""
        import httpx

        try:
            return self._post(body)
        except _Refused as refused:
            return str(refused)
        except httpx.TimeoutException:
            return "no answer in time"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return f"not delivered ({type(error).__name__})"

    def _post(self, body: dict[str, Any]) -> int:
        import httpx

        url = httpx.URL(self._url)
        checked = url.copy_with(host=str(self._checked_address()))
        with (
            httpx.Client(
                trust_env=False, follow_redirects=False, timeout=LIMITS.webhook_time_ms / 1000
            ) as client,
            client.stream(
                "POST",
                checked,
                json=body,
                headers={"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            return response.status_code

    def _checked_address(self) -> Address:
        """The address that is connected to. All addresses of a name must be public, not just the first one."""
        found = socket.getaddrinfo(self._host, self._parts.port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        if not addresses:
            raise _Refused("the host has no address")
        if not self._allow_private and not all(map(_is_public, addresses)):
            raise _Refused("the host has a private address")
        return addresses[0]

    def __repr__(self) -> str:
        return f"<Webhook {self.to}>"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise _invalid(
            "The address of a webhook begins with https:// or http:// and names a host.", "Check the URL."
        )
    return parts


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    """Whether an address belongs to the public network, and to one host of it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def _invalid(message: str, hint: str) -> ValidationError:
    return ValidationError(message, code="WEBHOOK_REFUSED", where="url", hint=hint)
