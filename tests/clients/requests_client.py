"""requests, on one session that keeps its connections."""

import requests
from cases import Answer, Client, TimedOut


class Requests(Client):
    def __init__(self, base, version, authority):
        assert version == "HTTP/1.1", "requests speaks no other"
        self.base = base
        self.session = requests.Session()
        self.session.verify = authority
        # No proxy of whoever runs the tests.
        self.session.trust_env = False

    def request(self, method, path, headers=(), body=None, timeout=None):
        data = iter(body) if isinstance(body, list) else body
        try:
            got = self.session.request(
                method,
                self.base + path,
                headers=dict(headers),
                data=data,
                timeout=timeout,
                allow_redirects=False,
            )
        except requests.Timeout as error:
            raise TimedOut from error
        return Answer(got.status_code, got.raw.headers.items(), got.content, "HTTP/1.1")
