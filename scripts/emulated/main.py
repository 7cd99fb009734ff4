"""Serves the chat from an emulated AWS, set up by the same Terraform as on AWS. Nothing outlives the
command.

In the environment: PORT, where the page answers (8080), and EMULATOR_PORT, where AWS does (4566).
With --then they are free ports, unless they are set.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import shlex
import shutil
import sys
from subprocess import PIPE

from deployment import ACCOUNT, BINARIES, ENVIRONMENT, FUNCTIONS, REGION, SITE, Deployment, environment
from ports import answers, port
from processes import Program, Stopped, heed_signals, pause
from said import Failure, failed, step

# How long a command of --then has to clean up after itself, in seconds.
PATIENCE = 10


def main():
    command = arguments().then
    heed_signals()
    try:
        check(command)
        # A command does not meet the chat that somebody has running.
        with folder("target/emulated-then" if command else "target/emulated") as own:
            return run(own, command)
    except Failure as failure:
        print(f"parley: {failure}", file=sys.stderr)
        return 1
    except Stopped:
        # Ctrl-C is how a chat ends; a command that was to run did not run to its end.
        return 130 if command else 0


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/emulate", description=__doc__)
    parser.add_argument(
        "--then",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run COMMAND, with the addresses in its environment, and end with its exit code",
    )
    options = parser.parse_args()
    if options.then == []:
        parser.error("--then needs a command")
    return options


def check(command):
    """Says what is missing before minutes are spent."""
    tools = {
        "terraform": "install Terraform 1.11 from https://developer.hashicorp.com/terraform/install",
        "node": "install Node.js from https://nodejs.org, CloudFront's functions run in it here",
        "strip": "install it with the C compiler, as in 'apt-get install binutils'",
    }
    for tool, how in tools.items():
        if shutil.which(tool) is None:
            raise Failure(f"{tool} is missing: {how}")
    for path in [*(BINARIES / name for name in FUNCTIONS), SITE / "index.html"]:
        if not path.is_file():
            raise Failure(f"there is no {path}: 'make emulate' builds it")
    if command and shutil.which(command[0]) is None:
        raise Failure(f"there is no command '{command[0]}'")


@contextlib.contextmanager
def folder(path):
    """A folder for one run at a time, without what the last one left, but with Terraform's plugins
    and the functions' zips.
    """
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    with open(path / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"an emulated AWS is running in {path}: end that one first") from None
        for name in ("environment", "terraform.tfstate"):
            (path / "terraform" / name).unlink(missing_ok=True)
        temporary = [path / "bootstrap", path / "tmp"]
        for each in temporary:
            shutil.rmtree(each, ignore_errors=True)
        (path / "tmp").mkdir()
        try:
            yield path
        finally:
            for each in temporary:
                shutil.rmtree(each, ignore_errors=True)


def run(own, command):
    emulator, site = port("EMULATOR_PORT", 0 if command else 4566), port("PORT", 0 if command else 8080)
    if emulator == site:
        raise Failure(f"EMULATOR_PORT and PORT are both {site}: they have to differ")
    url, site_url = f"http://127.0.0.1:{emulator}", f"http://localhost:{site}"
    with server(own, url, emulator, site) as emulated:
        deployment = Deployment(own, url, site_url)
        outside_secret = deployment.deploy()
        outputs = deployment.outputs()
        if command:
            addresses = {
                "PARLEY_SITE_URL": site_url,
                "PARLEY_HTTP_URL": outputs["http_url"],
                "PARLEY_WEBSOCKET_URL": outputs["websocket_url"],
                "PARLEY_ADMIN_FUNCTION": outputs["admin_function_name"],
                "PARLEY_MAILBOX_URL": mailbox(url),
                "PARLEY_OUTSIDE_SECRET": outside_secret,
            }
            with Program(command, PATIENCE, env=environment() | deployment.settings | addresses) as program:
                return program.wait()
        introduce(own, url, site_url, outputs, deployment.settings)
        raise failed(f"the emulated AWS ended by itself, with code {emulated.wait()}", own / "server.log")


def server(own, url, emulator, site):
    """A started MiniStack that answers."""
    temporary = str(own.absolute() / "tmp")
    # All of this is what the functions inherit, too.
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": temporary,
        "TMPDIR": temporary,
        "PYTHONDONTWRITEBYTECODE": "1",
        # Every call is checked against the policies of who calls.
        "AUTH": "true",
        "AWS_ENDPOINT_URL": url,
        "GATEWAY_PORT": str(emulator),
        "SITE_PORT": str(site),
        # Doors that nobody here uses, and that would be open to the network.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    log = own / "server.log"
    with step("starting the emulated AWS"), open(log, "w") as output:
        launcher = pathlib.Path(__file__).parent / "server.py"
        program = Program([sys.executable, launcher], env=settings, stdin=PIPE, stdout=output, stderr=output)
        try:
            while not answers(f"{url}/_ministack/ready"):
                if program.process.poll() is not None:
                    raise failed("the emulated AWS did not start", log)
                pause()
        except BaseException:
            program.end()
            raise
    return program


def mailbox(url):
    """Where MiniStack shows what was sent."""
    return f"{url}/_ministack/ses/messages"


def introduce(own, url, site_url, outputs, settings):
    lines = ["unset AWS_PROFILE AWS_SESSION_TOKEN", *(f"export {key}={shlex.quote(settings[key])}" for key in settings)]
    (own / "env").write_text("\n".join(lines) + "\n")
    print(f"""
  the chat       {site_url}
  its socket     {outputs["websocket_url"]}
  its HTTP API   {outputs["http_url"]}
  its mails      {mailbox(url)}
  AWS            {url}, account {ACCOUNT}, {REGION}; its log is {own}/server.log

For AWS's tools and ours, in another terminal: `. {own}/env`, then as in `make logs ENV={ENVIRONMENT}`.
Ctrl-C ends it all, and forgets what was said.""", flush=True)


if __name__ == "__main__":
    sys.exit(main())
