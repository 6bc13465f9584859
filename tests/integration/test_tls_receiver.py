"""TLS to a receiver: the connection goes to an address, and the certificate is the name's."""

import ssl
from pathlib import Path

import trustme

from sheaf.rules.webhooks.outbound_urls import OutboundPolicy
from sheaf.testing.webhook_receiver import Receiver, receiving
from sheaf.webhooks.sender import Message, Sender, trusted
from sheaf.webhooks.url_guard import Guard


def made(tmp_path: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the server's context with a certificate for a name, and one that trusts it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return context, trusted(file)


async def send(receiver: Receiver, context: ssl.SSLContext, url: str) -> str:
    sender = Sender(Guard(OutboundPolicy(allows_loopback=True)), context)
    try:
        sent = await sender.send(Message("id", "parse.success", url, b"{}"))
    finally:
        await sender.close()
    return str(sent.error)


async def test_the_certificate_must_be_for_the_name_of_the_url(tmp_path: Path) -> None:
    server, client = made(tmp_path, "localhost")
    async with receiving(server) as receiver:
        assert await send(receiver, client, receiver.url()) == "None"
        assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"
        by_address = receiver.url().replace("localhost", "127.0.0.1")
        assert await send(receiver, client, by_address) == "tls"
        assert await send(receiver, trusted(None), receiver.url()) == "tls"
    assert len(receiver.received) == 1


async def test_an_address_may_have_a_certificate_of_its_own(tmp_path: Path) -> None:
    server, client = made(tmp_path, "127.0.0.1")
    async with receiving(server) as receiver:
        by_address = receiver.url().replace("localhost", "127.0.0.1")
        assert await send(receiver, client, by_address) == "None"
        assert await send(receiver, client, receiver.url()) == "tls"
