"""Runs the Django view of docs/outside-issuers.md, and opens sockets with its tokens.

Usage: python scripts/outside/test.py; needs target/debug/parley-laptop and scripts/tools outside.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import django
import jwt
from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/outside-issuers.md").read_text()
PAGE = "https://intranet.example"
SOON = 10


def block(language):
    """The one code block of the document in this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"{len(blocks)} blocks of {language}"
    return blocks[0]


def prepare_django():
    """A Django project of one template, the document's, and without a database."""
    settings.configure(
        SECRET_KEY="only for this test",
        USE_TZ=True,
        ALLOWED_HOSTS=["testserver"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"chat.html": block("html")},
                        )
                    ]
                },
            }
        ],
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    )
    django.setup()


def page_for(view, key, name):
    """The page that the view shows to somebody who has logged in."""
    from django.contrib.auth.models import User
    from django.test import RequestFactory

    request = RequestFactory().get("/chat")
    request.user = User(pk=key, username=name)
    response = view(request)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def token_of(page):
    """The token, as the page's own script finds it."""
    found = re.search(r'<script id="token" type="application/json">(.*?)</script>', page)
    return json.loads(found[1])


async def refused(address, origin=PAGE):
    try:
        async with connect(address, origin=origin, open_timeout=SOON):
            return False
    except InvalidStatus as error:
        assert error.response.status_code == 403, error
        return True


async def receive(socket, is_it):
    """The first frame that is the one meant."""
    async with asyncio.timeout(SOON):
        while True:
            frame = json.loads(await socket.recv())
            if is_it(frame):
                return frame


async def chat(address, view, secret):
    def url(token):
        return f"{address}?token={token}"

    ada = token_of(page_for(view, 42, "ada"))
    grace = token_of(page_for(view, 43, "grace"))
    async with (
        connect(url(ada), origin=PAGE, open_timeout=SOON) as one,
        connect(url(grace), origin=PAGE, open_timeout=SOON) as other,
    ):
        # The frames of the document's page, which has never heard of rooms, ids or replies.
        await one.send(json.dumps({"action": "sendMessage", "content": "from the intranet"}))
        for socket in (one, other):
            event = await receive(socket, lambda frame: frame.get("event") == "messages")
            (message,) = event["messages"]
            assert message["content"] == "from the intranet", message
            assert message["username"] == "intranet/ada", message
            assert message["userId"].startswith("x_"), message
        await other.send(json.dumps({"action": "getRecentMessages"}))
        page = await receive(other, lambda frame: "reply" in frame)
        contents = [message["content"] for message in page["messages"]]
        assert contents == ["from the intranet"], page

    claims = jwt.decode(ada, secret, algorithms=["HS256"], audience="parley")
    assert claims["exp"] - claims["iat"] == 900, claims
    for wrong in (
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"exp": claims["iat"] + 960},
        {"iat": claims["iat"] - 3600, "exp": claims["exp"] - 3600},
        {"sub": ""},
    ):
        changed = jwt.encode(claims | wrong, secret, algorithm="HS256")
        assert await refused(url(changed)), wrong
    assert await refused(url(jwt.encode(claims, "x" * 48, algorithm="HS256"))), "another secret"
    assert await refused(url(jwt.encode(claims, None, algorithm="none"))), "alg none"
    assert await refused(url(ada), "https://evil.example"), "a page of another origin"


def start(folder, secret_file):
    """A laptop with the document's setting, and the address of its socket."""
    issuers = json.loads(block("json"))
    issuers[0]["secretFile"] = str(secret_file)
    listed = folder / "issuers.json"
    listed.write_text(json.dumps(issuers))
    environment = {
        **{name: value for name, value in os.environ.items() if name == "PATH"},
        "PORT": "0",
        "DATA": str(folder / "data"),
        "TRUSTED_ISSUERS": f"@{listed}",
        "ALLOWED_ORIGINS": f"loopback {PAGE}",
        # The tokens of other issuers do not depend on it.
        "ALLOW_URL_TOKEN": "off",
    }
    laptop = subprocess.Popen(
        [ROOT / "target/debug/parley-laptop"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in laptop.stdout:
        found = re.search(r"http://(\S+)", line)
        if found:
            return laptop, f"ws://{found[1]}/ws"
    sys.exit("the laptop did not start")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secret_file = folder / "intranet.secret"
        made = subprocess.run(
            ["openssl", "rand", "-base64", "48"], check=True, capture_output=True
        ).stdout
        secret_file.write_bytes(made)
        os.environ["PARLEY_SECRET_FILE"] = str(secret_file)
        prepare_django()
        module = {}
        exec(compile(block("python"), "docs/outside-issuers.md", "exec"), module)
        laptop, address = start(folder, secret_file)
        try:
            asyncio.run(chat(address, module["chat"], made.decode().strip()))
        finally:
            laptop.terminate()
            laptop.wait()
    print("the view of docs/outside-issuers.md opens sockets, and nobody else does")


main()
