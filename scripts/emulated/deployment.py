"""The chat on the emulated AWS: the same commands as for AWS, told where it is."""

import contextlib
import json
import os
import pathlib
import re
from subprocess import DEVNULL

from outside import share_secret
from processes import Program
from said import failed, step

ACCOUNT, REGION, ENVIRONMENT = "000000000000", "us-east-1", "dev"
# As emulated.tfvars says.
MAIL_FROM = "parley@example.com"
HERE = pathlib.Path(__file__).parent.absolute()
BINARIES = pathlib.Path("target/debug")
SITE = pathlib.Path("client/web/dist")
FUNCTIONS = sorted(path.name for path in pathlib.Path("lambdas/functions").iterdir())


class Deployment:
    def __init__(self, folder, url, site_url):
        self.folder = folder
        self.url = url
        self.settings = settings(folder.absolute(), url) | {"TF_VAR_site_url": site_url}

    def deploy(self):
        """Gives back the secret that the other issuer signs with."""
        # The one computes, the other waits for S3.
        with step("packing the functions, making the state's bucket and the boundary of their roles"):
            own = {
                "TF_DATA_DIR": str(self.folder.absolute() / "bootstrap"),
                # Over what the team's own file says.
                "TF_CLI_ARGS_apply": f"-var='mail_from={{{ENVIRONMENT}=\"{MAIL_FROM}\"}}'",
            }
            with self.running(["scripts/bootstrap", ACCOUNT, REGION, "parley/parley", ENVIRONMENT], own):
                self.pack()
        secret = share_secret(self.url, REGION)
        with step("applying Terraform"):
            self.call(["scripts/stage", "apply", ENVIRONMENT])
        return secret

    def outputs(self):
        path = self.folder / "outputs.json"
        with open(path, "w") as file:
            self.call(["terraform", "-chdir=terraform", "output", "-json"], stdout=file)
        return {name: output["value"] for name, output in json.loads(path.read_text()).items()}

    def pack(self):
        """Those that were built since: a debug build takes seconds to compress, fewer without symbols."""
        zips = {name: self.folder / "lambda" / f"{name}.zip" for name in FUNCTIONS}
        new = [name for name in FUNCTIONS if older(zips[name], BINARIES / name)]
        bare = self.folder / "bin"
        bare.mkdir(exist_ok=True)
        for name in new:
            self.call(["strip", "-o", bare / name, BINARIES / name])
        if new:
            self.call(["scripts/package", bare, self.folder / "lambda", *new])
        for name in new:
            # One with the same bytes as before was left as it was.
            zips[name].touch()

    def call(self, command, **options):
        with self.running(command, **options):
            pass

    @contextlib.contextmanager
    def running(self, command, more={}, stdout=None):
        """A program that has to end well by the end of the block."""
        log = self.folder / f"{pathlib.Path(command[0]).name}.log"
        with open(log, "w") as output:
            options = {"env": environment() | self.settings | more, "stdin": DEVNULL, "stderr": output}
            with Program(command, stdout=stdout or output, **options) as program:
                yield
                code = program.wait()
        if code != 0:
            raise failed(f"{command[0]} failed", log)


def environment():
    """Ours, without what leads to the caller's own AWS, or to another state or other variables."""
    foreign = re.compile("AWS_|TF_(VAR_|DATA_DIR|WORKSPACE|CLI_ARGS)")
    kept = {name: value for name, value in os.environ.items() if not foreign.match(name)}
    # One that names no file would be complained of at each call.
    if not pathlib.Path(kept.get("TF_CLI_CONFIG_FILE", "")).is_file():
        kept.pop("TF_CLI_CONFIG_FILE", None)
    return kept


def settings(folder, url):
    """What leads any program of the project, and most others, to the emulated AWS at `url`."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "TF_DATA_DIR": str(folder / "terraform"),
        "TF_VAR_execute_api_base": f"{url}/_aws/execute-api",
        "VAR_FILE": str(HERE / "emulated.tfvars"),
        "LAMBDA_DIR": str(folder / "lambda"),
        "YES": "1",
    }


def older(path, source):
    return not path.exists() or path.stat().st_mtime < source.stat().st_mtime
