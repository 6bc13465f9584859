"""The topology of docker-compose.yml by processes of this machine: `make stack`, `make stack-test`.

Postgres, a server that speaks S3, a Temporal server, two workers and the API, with the sample files
in a bucket. It needs Debian's Postgres (`apt-get install postgresql`) and nothing else that `make
install` has not installed.
"""

import argparse
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3

from deploy.second_terminal import tell
from sheaf.embedded.temporal_server import free_port, is_listening, server_command, temporal_binary
from sheaf.runtime.children import child_environment, installed_program, python_command

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "examples" / "documents"
BUCKET = "sheaf"
WORKERS = 2
START_SECONDS = 60
SOME_FILES_FAILED = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM)
KILL_TESTS = ("test_faults.py", "test_webhooks.py", "test_s3.py", "test_uploaded_files.py")


def main() -> int:
    """Return the exit code of what was run on the stack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C")
    parser.add_argument("--test", action="store_true", help="run the kill tests, and no batch")
    options = parser.parse_args()
    for number in SIGNALS:
        # SIGINT too: a shell that starts this with `&` has it ignored.
        signal.signal(number, _end)
    with ExitStack() as stack:
        try:
            code = _run(stack, is_test=options.test, is_kept=options.keep)
        except SystemExit:
            print("\nStopping ...", flush=True)
            raise
    print("Nothing is left running. `make stack KEEP=1` leaves it up.")
    return code


def _end(number: int, _: object) -> None:
    for each in SIGNALS:
        # Another one would break off the stopping that this one begins.
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _run(stack: ExitStack, *, is_test: bool, is_kept: bool) -> int:
    folder = Path(stack.enter_context(_folder()))
    environment = child_environment(**_services(stack, folder))
    if is_test:
        return _test(environment)
    port = _sheaf(stack, folder, environment)
    code = _batch(environment)
    if is_kept:
        tell(folder, environment, f"http://127.0.0.1:{port}")
        signal.pause()
    return code


def _services(stack: ExitStack, folder: Path) -> dict[str, str]:
    """Start Postgres and S3; return what processes need to reach them."""
    print("Postgres", flush=True)
    database_url = stack.enter_context(_postgres(folder))
    port = free_port(20_000)
    print("S3", flush=True)
    moto = [str(installed_program("moto_server")), "--host", "127.0.0.1"]
    _start(stack, folder, "s3", [*moto, "--port", str(port)], child_environment())
    _await(lambda: is_listening(port), "S3 to listen", folder / "s3.log")
    access = {
        "AWS_ACCESS_KEY_ID": secrets.token_hex(8),
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16),
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    _fill(access)
    return {**access, "SHEAF_DATABASE_URL": database_url, "SHEAF_HOME": str(folder / "home")}


def _sheaf(stack: ExitStack, folder: Path, environment: dict[str, str]) -> int:
    """Start Temporal, the workers and the API; return the API's port."""
    temporal, api = free_port(21_000), free_port(23_000)
    environment |= {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        "SHEAF_STORAGE_URL": f"s3://{BUCKET}/storage/",
        "SHEAF_S3_SOURCES": f'{{"*": ["s3://{BUCKET}/in/"]}}',
        "SHEAF_S3_OUTPUTS": f'{{"*": ["s3://{BUCKET}/out/"]}}',
        "SHEAF_API_PORT": str(api),
        "SHEAF_SIGNING_KEY": secrets.token_hex(24),
    }
    print("Temporal", flush=True)
    command = server_command(temporal_binary(None), folder / "temporal.db", temporal)
    _start(stack, folder, "temporal", command, environment)
    _await(lambda: is_listening(temporal), "Temporal to listen", folder / "temporal.log")
    for number in range(WORKERS):
        ready = folder / f"ready-{number}"
        name, more = f"worker-{number}", {"SHEAF_READY_FILE": str(ready)}
        print(f"worker {number + 1}", flush=True)
        _start(stack, folder, name, python_command("worker"), environment | more)
        _await(ready.exists, "a worker to be ready", folder / f"{name}.log")
    print("API", flush=True)
    _start(stack, folder, "api", python_command("starter", "serve"), environment)
    _await(lambda: is_listening(api), "the API to listen", folder / "api.log")
    print(f"Temporal UI http://127.0.0.1:{temporal + 1000}", flush=True)
    return api


def _batch(environment: dict[str, str]) -> int:
    """Run a batch over the samples in the bucket; some are meant to fail."""
    arguments = [
        *("run", f"s3://{BUCKET}/in/", "--out", str(ROOT / "out" / "stack")),
        *("--set", f"output_s3_path_prefix=s3://{BUCKET}/out/"),
    ]
    print(f"\n$ sheaf {' '.join(arguments)}", flush=True)
    code = _call(["starter", *arguments], environment)
    listed = _client(environment).list_objects_v2(Bucket=BUCKET, Prefix="out/")
    print(f"Copies of results in s3://{BUCKET}/out/: {listed['KeyCount']} objects")
    return 0 if code in {0, SOME_FILES_FAILED} else code


def _test(environment: dict[str, str]) -> int:
    environment |= {
        "SHEAF_TEST_POSTGRES_URL": environment.pop("SHEAF_DATABASE_URL"),
        "SHEAF_TEST_STORAGE_URL": f"s3://{BUCKET}/storage/",
        "SHEAF_TEST_SEEDS": environment.get("SHEAF_TEST_SEEDS", "1"),
    }
    del environment["SHEAF_HOME"]
    files = [f"tests/integration/{name}" for name in KILL_TESTS]
    return _call(["pytest", *files], environment)


def _call(module: list[str], environment: dict[str, str]) -> int:
    """Run a module; where this process is told to end, it ends before what it works with."""
    command = python_command(*module)
    process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    try:
        return process.wait()
    finally:
        if process.returncode is None:
            # As by Ctrl-C: tests end their processes, and a progress bar gives the cursor back.
            _stop(process, signal.SIGINT)


@contextmanager
def _folder() -> Iterator[str]:
    """Give a folder that Postgres, which runs as its own user, can enter."""
    folder = tempfile.mkdtemp(prefix="sheaf-stack-")
    Path(folder).chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    data = folder / "postgres"
    data.mkdir()
    script = str(ROOT / ".ci" / "postgres")
    try:
        started = subprocess.run(
            [script, "start", str(data)], stdout=subprocess.PIPE, text=True, check=False
        )
        if started.returncode:
            sys.exit("Postgres did not start. Is it installed? Try: apt-get install postgresql")
        yield started.stdout.strip()
    finally:
        # Also where it was told to end while Postgres started; then there may be none to stop.
        subprocess.run([script, "stop", str(data)], stderr=subprocess.DEVNULL, check=False)


def _fill(access: dict[str, str]) -> None:
    client = _client(access)
    client.create_bucket(Bucket=BUCKET)
    for path in sorted(path for path in SAMPLES.rglob("*") if path.is_file()):
        client.upload_file(str(path), BUCKET, f"in/{path.relative_to(SAMPLES)}")


def _client(access: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=access["AWS_ENDPOINT_URL"],
        region_name=access["AWS_REGION"],
        aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
    )


def _start(
    stack: ExitStack, folder: Path, name: str, command: list[str], environment: dict[str, str]
) -> None:
    log = stack.enter_context((folder / f"{name}.log").open("ab"))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        # Ctrl-C reaches this process alone, which stops them in order.
        start_new_session=True,
    )
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(by)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(is_so: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"waited {START_SECONDS} s for {what}:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
