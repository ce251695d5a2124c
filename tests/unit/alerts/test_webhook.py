"""The webhook: what may be told, what is told, and that sending never raises and always ends."""

from __future__ import annotations

import dataclasses
import socket
from typing import Any

import pytest

from unit.alerts.receiver import Receiver
from wfnb.alerts import webhook
from wfnb.alerts.rules import Alert
from wfnb.alerts.webhook import Webhook
from wfnb.errors import ValidationError
from wfnb.limits import LIMITS

ALERT = Alert("r", "failure_rate", "orders", 0.5, 0.2, "1 h", "r1", "2026-01-01T00:00:00.000Z", "Too many.")


def test_a_receiver_is_told_json(receiver: Receiver) -> None:
    delivery = Webhook(receiver.url, allow_private=True).send([ALERT])
    assert dataclasses.astuple(delivery) == ("http://127.0.0.1", True, 204, None, 1)
    ((path, headers, body),) = receiver.told
    assert path == "/hook/geheim"
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"
    assert headers["Content-Type"] == "application/json"
    assert body == {"source": "wfnb", "alerts": [dataclasses.asdict(ALERT)]}


def test_the_host_is_named_but_the_checked_address_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    asked: list[Any] = []

    def lookup(host: Any, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "alerts.example.org" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    url = f"http://alerts.example.org:{receiver.server_port}/"
    assert Webhook(url, allow_private=True).send([ALERT]).ok
    assert receiver.told[0][1]["Host"] == f"alerts.example.org:{receiver.server_port}"
    assert asked.count("alerts.example.org") == 1
    assert Webhook(url).send([ALERT]).error == "the host has a private address"
    assert len(receiver.told) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "https://:80/",
        "http://[::1",
        "http://a:99999/",
    ],
)
def test_only_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Webhook(url)
    assert refused.value.code == "WEBHOOK_REFUSED"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
     "0.0.0.0",  # noqa: S104 - it is refused, and nothing is bound to it
     "[::1]", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]"],
)  # fmt: skip
def test_private_and_metadata_addresses_are_refused(host: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Webhook(f"http://{host}/")
    assert refused.value.code == "WEBHOOK_REFUSED"
    assert Webhook(f"http://{host}/", allow_private=True).to.startswith("http://")


@pytest.mark.parametrize("address", ["93.184.216.34", "[2606:4700::1111]", "[::ffff:93.184.216.34]"])
def test_public_addresses_are_taken(address: str) -> None:
    assert Webhook(f"https://{address}/") is not None


@pytest.mark.parametrize(
    "addresses", [("93.184.216.34", "10.0.0.1"), ("169.254.169.254",), ("::ffff:127.0.0.1",)]
)
def test_a_name_with_one_private_address_is_not_told(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    delivery = Webhook("http://alerts.example.org/").send([ALERT])
    assert (delivery.ok, delivery.error) == (False, "the host has a private address")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    delivery = Webhook(receiver.url, allow_private=True).send([ALERT])
    assert (delivery.ok, delivery.status, delivery.error) == (False, 302, "HTTP status 302")
    assert len(receiver.told) == 1


def test_sending_ends_when_nobody_answers(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.release.clear()
    monkeypatch.setattr(webhook, "LIMITS", dataclasses.replace(LIMITS, webhook_time_ms=50))
    delivery = Webhook(receiver.url, allow_private=True).send([ALERT])
    assert (delivery.ok, delivery.status, delivery.error) == (False, None, "no answer in time")


def test_sending_to_a_closed_port_does_not_raise() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    delivery = Webhook(f"http://127.0.0.1:{port}/geheim", allow_private=True).send([ALERT])
    assert (delivery.ok, delivery.error) == (False, "not delivered (ConnectError)")


def test_sending_to_a_name_that_does_not_exist_does_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert Webhook("https://alerts.example.org/").send([ALERT]).error == "not delivered (gaierror)"


def test_the_path_of_a_webhook_is_shown_nowhere(receiver: Receiver) -> None:
    receiver.status = 500
    told = Webhook(receiver.url, allow_private=True)
    assert "geheim" not in repr(told) + repr(told.send([ALERT]))
