"""Ports of this machine's own address."""

import os
import socket
import urllib.error
import urllib.request

from said import Failure

ADDRESS = "127.0.0.1"


def port(setting, usual):
    """The port that a setting says, if nobody has it; any free one where `usual` is 0."""
    text = os.environ.get(setting) or str(usual)
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise Failure(f"{setting} is a port, a number up to 65535, and not '{text}'")
    with socket.socket() as probe:
        # As servers do, or a port would count as taken for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, int(text)))
        except PermissionError:
            raise Failure(f"port {text} is for the administrator only: set {setting} to one from 1024 on") from None
        except OSError:
            raise Failure(f"port {text} is in use: set {setting} to another, as in {setting}={int(text) + 1000}") from None
        return probe.getsockname()[1]


def answers(url):
    # A proxy for the world has no way to this address.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=1) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
