"""What stands before MiniStack: the site's address, and a door that pages of the web do not pass."""

from urllib.parse import urlsplit

from ministack.app import app
from ministack.services import cloudfront

LOCAL = {"localhost", "127.0.0.1"}


class Front:
    """An ASGI application around MiniStack's."""

    def __init__(self, site_port):
        self.site_port = site_port

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            # MiniStack lets anybody who names a key make a function, that is, run a program here. A
            # browser would do so for any page it shows, and says in `Origin` for which.
            # What calls a deployed API reaches its functions alone, which judge that themselves.
            foreign = any(urlsplit(origin).hostname not in LOCAL for origin in values(scope, b"origin"))
            if foreign and not scope["path"].startswith("/_aws/execute-api/"):
                return await refuse(scope, send, 403, "This is for pages of this machine only.")
            if scope["server"][1] == self.site_port:
                domain = site_domain()
                if domain is None:
                    return await refuse(scope, send, 503, "Nothing is deployed yet.")
                # CloudFront tells sites apart by `Host`. On AWS it also ends TLS.
                scope = with_headers(scope, host=domain, **{"x-forwarded-proto": "https"})
        await app(scope, receive, send)


def site_domain():
    """The domain of the one distribution, once it is there."""
    return next((distribution["DomainName"] for distribution in cloudfront._distributions.values()), None)


def values(scope, name):
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def with_headers(scope, **headers):
    new = [(name.encode(), value.encode()) for name, value in headers.items()]
    kept = [(name, value) for name, value in scope["headers"] if name.lower().decode("latin-1") not in headers]
    return scope | {"headers": new + kept}


async def refuse(scope, send, status, text):
    kind = "http" if scope["type"] == "http" else "websocket.http"
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": text.encode()})
