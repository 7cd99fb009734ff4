"""The emulated AWS: MiniStack on one port of 127.0.0.1, the chat's page on another, in one process.

MiniStack's own command would listen on every interface, and leave the functions' processes behind
when whoever started it is killed.
"""

import asyncio
import os
import resource
import signal
import threading

import differences
import front
from hypercorn.asyncio import serve
from hypercorn.config import Config


def end_with_parent():
    """Standard input ends when the process that holds its other end does, however it went."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def main():
    emulator_port, site_port = int(os.environ["GATEWAY_PORT"]), int(os.environ["SITE_PORT"])
    threading.Thread(target=end_with_parent, daemon=True).start()

    # A process with pipes for each function that runs, and a socket for each person.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    differences.remove(emulator_port)
    config = Config()
    config.bind = [f"127.0.0.1:{emulator_port}", f"127.0.0.1:{site_port}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(front.Front(site_port), config))


if __name__ == "__main__":
    main()
