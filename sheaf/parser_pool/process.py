"""One parser process, as its pool sees it.

The process has a session of its own, so that a kill takes what it started along, an environment
without the secrets of its parent, and a folder for temporary files that is deleted with it.

What reads documents may come to obey one. So an answer counts only if it bears the nonce of the
oldest request, and a process reads documents of one project alone: whatever it could keep, tell or
forge, it never had anything of another.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil
import structlog

from sheaf.parser_pool.frame_reader import ForeignFrameError, FrameReader, FrameTooLargeError
from sheaf.parser_pool.frames import HEADER, MAX_FRAME_BYTES, NO_REQUEST, READY, new_nonce
from sheaf.runtime.children import child_environment, python_command

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
"""Time for the interpreter and the handler module to load, on a busy machine."""

STOP_SECONDS = 5.0
"""Time to leave after stdin has closed, before the process is killed."""

STDERR_TAIL_BYTES = 8192
READ_BYTES = 1024 * 1024
PASSED_VARIABLES = ("PATH", "TESSDATA_PREFIX", "LANG")
IMPORT_ROOT = Path(__file__).resolve().parents[2]

OUT_OF_MEMORY_MARKS = (
    b"memory allocation of",  # Rust
    b"bad_alloc",  # C++
    b"MemoryError",  # Python
    b"out of memory",
    b"cannot allocate memory",
)


class ProcessDiedError(Exception):
    """The process ended, or broke the protocol, before its answer was whole."""


class ParserProcess:
    """A running `sheaf.parser_pool.child`, ready for requests one at a time."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        answers: FrameReader,
        folder: Path,
        memory_bytes: int,
        project_id: str,
    ) -> None:
        self._answers = answers
        self.memory_bytes = memory_bytes
        self.project_id = project_id
        self.files_taken = 0
        self.files_answered = 0
        self.was_killed = False
        self._process = process
        self._folder = folder
        self._unanswered: set[bytes] = set()
        """Nonces of the requests without an answer."""
        self._tail = bytearray()
        self._drain = asyncio.create_task(self._keep_tail())

    @classmethod
    async def start(
        cls,
        module: str,
        memory_bytes: int,
        folder: Path,
        project_id: str,
        most_bytes: int = MAX_FRAME_BYTES,
    ) -> "ParserProcess":
        """Start a process and wait until it can take a request.

        Args:
            module: what it runs.
            memory_bytes: bound of its address space.
            folder: an empty one for its temporary files; it is deleted with the process.
            project_id: whose files it reads, and no other's.
            most_bytes: the longest answer that is taken.

        Raises:
            ProcessDiedError: it ended, or was not ready within `START_SECONDS`.
            OSError: the system has no process to give.
        """
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *_command(module, memory_bytes),
                stdin=asyncio.subprocess.PIPE,
                stdout=writing,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                cwd=folder,
                env=foreign_environment(folder),
                limit=READ_BYTES,
            )
        except BaseException:
            os.close(reading)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            os.close(writing)
        answers = FrameReader(reading, most_bytes)
        started = cls(process, answers, folder, memory_bytes, project_id)
        await started._await_ready()
        return started

    @property
    def most_bytes(self) -> int:
        """The longest answer that is taken."""
        return self._answers.most_bytes

    @property
    def is_alive(self) -> bool:
        """Whether the process may take a request."""
        return not self.was_killed and self._process.returncode is None

    def send(self, frames: Sequence[bytes]) -> list[bytes]:
        """Send requests; the process takes each once it has answered those before it.

        A process that has died says so when its next answer is waited for.

        Returns:
            The nonces that their answers will bear: new ones, also for a request that another
            process was sent before.
        """
        nonces = [new_nonce() for _ in frames]
        self._unanswered.update(nonces)
        self.files_taken += len(frames)
        stdin = self._process.stdin
        assert stdin is not None
        # Not drained: requests are short, and few are ahead of their answers.
        stdin.write(
            b"".join(
                HEADER.pack(nonce, len(frame)) + frame
                for nonce, frame in zip(nonces, frames, strict=True)
            )
        )
        return nonces

    def received(self, nonce: bytes) -> bytes | None:
        """Return the answer to a request, if it was read together with one before it.

        Args:
            nonce: of the oldest request without an answer.

        Raises:
            ForeignFrameError: what came is no answer to it.
            FrameTooLargeError: the answer is over `most_bytes`.
        """
        answer = self._answers.whole(nonce)
        if answer is not None:
            self._answered(nonce)
        return answer

    async def receive(self, nonce: bytes, pause_seconds: float = 0.0) -> bytes:
        """Return the answer to a request, however long it takes.

        Args:
            nonce: of the oldest request without an answer.
            pause_seconds: how long to let answers gather where none is here yet.

        Raises:
            ProcessDiedError: no whole answer came.
            ForeignFrameError: what came is no answer to it.
            FrameTooLargeError: the answer is over `most_bytes`.
        """
        answer = await self._frame(nonce, pause_seconds)
        self._answered(nonce)
        return answer

    def is_quiet(self) -> bool:
        """Whether it has answered all requests, and has said nothing besides."""
        return not self._unanswered and self._answers.is_empty()

    def kill(self) -> None:
        """Send SIGKILL to the process and to all that it started."""
        self.was_killed = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Reap the process, delete its folder and return its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            if not await self._has_died():
                return -signal.SIGKILL
        with contextlib.suppress(TimeoutError):
            # A grandchild with a session of its own could hold stderr open for ever.
            # The last words say whether memory was short, so they are read to their end.
            await asyncio.wait_for(self._drain, STOP_SECONDS)
        self._answers.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        code = self._process.returncode
        assert code is not None
        return code

    async def _has_died(self) -> bool:
        """Wait for the end of a process that was killed.

        One that hangs in the kernel, as in a read of a mount that cannot be interrupted, does not
        end. It is left, and its folder with it.
        """
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            log.error("a parser process cannot be killed", pid=self._process.pid)  # noqa: TRY400 - where is of no use
            return False
        return True

    def tidy(self) -> None:
        """Delete what the last file left in the folder for temporary files."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink(missing_ok=True)

    def resident_bytes(self) -> int:
        """Return the memory that the process has; 0 when it is gone."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def ran_out_of_memory(self) -> bool:
        """Whether the last words on stderr tell of an allocation that failed."""
        words = bytes(self._tail).lower()
        return any(mark.lower() in words for mark in OUT_OF_MEMORY_MARKS)

    def last_words(self) -> str:
        """Return the last line that the process wrote to stderr."""
        lines = self._tail.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def _await_ready(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                if await self._frame(NO_REQUEST) != READY:
                    raise ForeignFrameError  # noqa: TRY301 - told below, as any other is
        except BaseException as error:
            self.kill()
            await self.wait()
            if isinstance(error, TimeoutError):
                raise ProcessDiedError(f"not ready within {START_SECONDS:.0f} s") from error
            if isinstance(error, ProcessDiedError):
                raise ProcessDiedError(self.last_words()) from error
            if isinstance(error, ForeignFrameError | FrameTooLargeError):
                raise ProcessDiedError("it did not begin by saying that it is ready") from error
            raise

    async def _frame(self, nonce: bytes, pause_seconds: float = 0.0) -> bytes:
        try:
            return await self._answers.frame(nonce, pause_seconds)
        except (EOFError, OSError) as error:
            raise ProcessDiedError from error

    def _answered(self, nonce: bytes) -> None:
        self._unanswered.remove(nonce)
        self.files_answered += 1

    async def _keep_tail(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while part := await stderr.read(READ_BYTES):
            self._tail += part
            del self._tail[:-STDERR_TAIL_BYTES]


def _command(module: str, memory_bytes: int) -> list[str]:
    limits = ("--memory-bytes", str(memory_bytes), "--parent", str(os.getpid()))
    return python_command("sheaf.parser_pool.child", module, *limits)


def foreign_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that reads what strangers wrote: it has no secret.

    Args:
        folder: where its temporary files go.
    """
    passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    paths = os.pathsep.join([str(IMPORT_ROOT), os.environ.get("PYTHONPATH", "")])
    return child_environment(passed, PYTHONPATH=paths, TMPDIR=str(folder))
