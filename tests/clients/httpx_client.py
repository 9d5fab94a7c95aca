"""httpx, in both versions of HTTP."""

import ssl

import httpx
from cases import Answer, Client, TimedOut


class Httpx(Client):
    def __init__(self, base, version, authority):
        two = version == "HTTP/2"
        self.client = httpx.Client(
            base_url=base,
            http1=not two,
            http2=two,
            verify=ssl.create_default_context(cafile=authority),
            # No proxy of whoever runs the tests.
            trust_env=False,
            timeout=60,
        )

    def request(self, method, path, headers=(), body=None, timeout=None):
        content = iter(body) if isinstance(body, list) else body
        more = {} if timeout is None else {"timeout": timeout}
        try:
            got = self.client.request(method, path, headers=list(headers), content=content, **more)
        except httpx.TimeoutException as error:
            raise TimedOut from error
        fields = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in got.headers.raw]
        return Answer(got.status_code, fields, got.content, got.http_version)
