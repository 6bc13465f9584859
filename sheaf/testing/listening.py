"""How servers of tests stop: asyncio's own way may lose a connection that was just accepted."""

import asyncio


async def stop_listening(server: asyncio.Server) -> None:
    """Close a server; what it had accepted by then is handed to its handler before.

    `Server.close` alone makes the transport of a connection, which was accepted in the step
    before, fail half-made (Python 3.11): its socket stays open, is nobody's, and is told of
    where it is collected.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    # A step each: the accept's task begins, its transport is known, its handler begins.
    for _ in range(3):
        await asyncio.sleep(0)
    server.close()
