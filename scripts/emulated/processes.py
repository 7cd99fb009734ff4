"""Programs that end when this one does, with all that they started."""

import os
import signal
import subprocess
import time


class Stopped(Exception):
    """Somebody wants an end: Ctrl-C, or a polite kill."""


_stopped = False


def heed_signals():
    """Not by an exception out of the blue, which could lose a program just started: pause() raises."""

    def stop(number, frame):
        global _stopped
        _stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # Under nohup it is to be ignored.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)


def pause():
    """What every wait is made of."""
    if _stopped:
        raise Stopped
    time.sleep(0.05)


class Program:
    """A program in a session of its own: a terminal's Ctrl-C reaches us alone, and what we signal
    reaches everything that the program started.
    """

    def __init__(self, command, patience=0, **options):
        """`patience` is the time in seconds that it has, at its end, to clean up after itself."""
        self.patience = patience
        self.process = subprocess.Popen(command, start_new_session=True, **options)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.end()

    def wait(self):
        """Its exit code."""
        while self.process.poll() is None:
            pause()
        return self.process.returncode

    def end(self):
        if self.patience:
            self._signal(signal.SIGTERM)
        deadline = time.monotonic() + self.patience
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        # Others of its session may have outlived it.
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass
