"""How long a connection may take: to send a request, and to take in an answer.

uvicorn waits for both without end, so that a byte now and then holds a connection for ever. A
head or a body may take some seconds, and one more for each `RATE` bytes of it; an answer that
waits to be sent has to move as fast. What the server itself takes counts for nobody.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

RATE = 1000
"""Bytes a second that a client takes or sends at least, after it had its seconds."""
CHECKS = 10
"""Of a head or a body, before its seconds are over."""

_TOO_SLOW = b"The request took too long to arrive."


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with an end to its patience, which subclasses set."""

    patience = 30.0
    """Seconds for a head, for a body, and between two looks at an answer that is not taken in."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._phase: tuple[str, int] | None = None
        self._allowed = 0.0
        """Seconds that the phase may go on."""
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._enter(None)
        self._stop_writing()

    def data_received(self, data: bytes) -> None:
        """Give what sends the time that it earns by that."""
        self._allowed += len(data) / RATE
        super().data_received(data)

    def handle_events(self) -> None:
        """Take in what has arrived, and see what is missing then."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """End an answer; its connection may be closing, and waits until it is taken in."""
        super().on_response_complete()
        self._watch_end()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was quiet, and end it also if its last answer is not taken in."""
        super().timeout_keep_alive_handler()
        self._watch_end()

    def pause_writing(self) -> None:
        """Wait for a client to take in what is sent."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """See that it has."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_writing()

    def _watch(self) -> None:
        cycle, state = id(self.cycle), self.conn.their_state
        if self.transport.is_closing():
            self._enter(None)
        elif state is h11.SEND_BODY:
            self._enter(("body", cycle))
        elif state is h11.IDLE and self.timeout_keep_alive_task is None:
            self._enter(("head", cycle))
        else:
            # The request is there, or there is none and `timeout_keep_alive` bounds the wait.
            self._enter(None)

    def _enter(self, phase: tuple[str, int] | None) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        if self._reading:
            self._reading.cancel()
            self._reading = None
        if phase:
            self._allowed = self.patience
            self._look_again()

    def _look_again(self) -> None:
        self._reading = self.loop.call_later(self.patience / CHECKS, self._check_reading)

    def _check_reading(self) -> None:
        if not self.flow.read_paused:
            self._allowed -= self.patience / CHECKS
        if self._allowed > 0:
            self._look_again()
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Answer 408, where nothing else was answered yet, and close."""
        self._enter(None)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [
                ("content-type", "text/plain; charset=utf-8"),
                ("content-length", str(len(_TOO_SLOW))),
                ("connection", "close"),
            ]
            answer = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
            for event in (answer, h11.Data(data=_TOO_SLOW), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle:
            # The application hears that its client has left.
            self.cycle.disconnected = not self.cycle.response_complete
            self.cycle.message_event.set()
        self.transport.close()
        self._watch_end()

    def _watch_end(self) -> None:
        if self.transport.is_closing():
            self._watch_writing()

    def _watch_writing(self) -> None:
        self._stop_writing()
        self._unsent = self.transport.get_write_buffer_size()
        if self._unsent:
            self._writing = self.loop.call_later(self.patience, self._check_writing)

    def _check_writing(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._unsent - left < RATE * self.patience:
            self.transport.abort()
        else:
            self._watch_writing()

    def _stop_writing(self) -> None:
        if self._writing:
            self._writing.cancel()
            self._writing = None


def patient(seconds: float) -> type[PatientProtocol]:
    """Return the protocol with so many seconds of patience."""
    return type("PatientProtocol", (PatientProtocol,), {"patience": seconds})
