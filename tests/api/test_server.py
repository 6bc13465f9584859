"""The socket that the API is served on."""

import socket

import pytest

from sheaf.api.server import ServeError, listen


def test_answers_are_sent_without_waiting_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_in_use_is_told_with_what_to_do() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        pytest.raises(ServeError, match=r"choose another port with --port, or SHEAF_API_PORT$"),
    ):
        listen("127.0.0.1", listener.getsockname()[1])


def test_an_address_of_another_machine_is_told_with_what_to_do() -> None:
    with pytest.raises(ServeError, match="--host"):
        listen("192.0.2.1", 0)
