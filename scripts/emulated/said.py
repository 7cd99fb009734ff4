"""What the command tells its user: steps with their times, and failures in one line."""

import contextlib
import time


class Failure(Exception):
    """Its text is all that there is to say."""


@contextlib.contextmanager
def step(title):
    print(f"==> {title} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def failed(what, log, lines=15):
    """A failure whose reason is at the end of a log."""
    last = "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return Failure(f"{what}; {log} ends with:\n{last}")
