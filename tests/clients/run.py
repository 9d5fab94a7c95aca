"""Real clients against a real hub: every client has to get the same.

    python run.py HUB_PROGRAM WORKER_PROGRAM SITE_PROGRAM

Starts a hub with two listeners, clear text and TLS, a worker of test routes and one that
serves the files in `site`, and runs the cases of `cases.py` through every client in every
version of HTTP that it speaks. Exits with 1 if one got something else than expected.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from cases import EXPECTED, SHA256
from curl_client import Curl
from fetch_client import Fetch
from httpx_client import Httpx
from requests_client import Requests

SKIPPED = 77
"""The exit code of what cannot run here."""

CLIENTS = [
    (Curl, "HTTP/1.1", "http"),
    (Curl, "HTTP/1.1", "https"),
    (Curl, "HTTP/2", "http"),
    (Curl, "HTTP/2", "https"),
    (Httpx, "HTTP/1.1", "http"),
    (Httpx, "HTTP/1.1", "https"),
    (Httpx, "HTTP/2", "https"),
    (Requests, "HTTP/1.1", "http"),
    (Requests, "HTTP/1.1", "https"),
    (Fetch, "HTTP/1.1", "http"),
    (Fetch, "HTTP/1.1", "https"),
]


def certificate(directory):
    """A self-signed certificate for localhost and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "1", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


class Rig:
    """A hub, its workers, and where it serves."""

    def __init__(self, directory, hub, worker, site):
        self.processes = []
        self.certificate, key = certificate(directory)
        control, config = directory / "hub.sock", directory / "slotway.toml"
        config.write_text(
            f"""
            [[listen]]
            address = "127.0.0.1:0"

            [[listen]]
            address = "127.0.0.1:0"
            certificate = "{self.certificate}"
            key = "{key}"
            """
        )
        started = self.start([hub, "hub", "--config", config, "--control", control])
        self.bases = {}
        while len(self.bases) < 2:
            # `slotway: listening on http://127.0.0.1:PORT`
            url = started.stdout.readline().split()[-1]
            scheme, _, address = url.partition("://")
            self.bases[scheme] = f"{scheme}://localhost:{address.rsplit(':', 1)[1]}"
        # Nobody reads on; a full pipe would stop the hub.
        threading.Thread(target=started.stdout.read, daemon=True).start()
        self.start([worker, "--hub", control, "--name", "conformance", "--threads", "16"])
        files = Path(__file__).with_name("site")
        self.start([site, files, "/site"], {"SLOTWAY_HUB": str(control)})
        self.wait_until_served({"conformance", "site"})

    def start(self, command, environment=None):
        command = [str(part) for part in command]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def wait_until_served(self, names):
        for _ in range(1000):
            try:
                with urllib.request.urlopen(self.bases["http"] + "/health") as health:
                    if names <= json.load(health)["services"].keys():
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{names} are not all served")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)


def as_json(value):
    return json.loads(json.dumps(value))


def run(make, version, scheme, rig, same):
    """The cases that one client did not get right, each as a sentence."""
    client = make(rig.bases[scheme], version, str(rig.certificate))
    wrong = []
    for case, expected in EXPECTED.items():
        if case.__name__ in client.unable:
            continue
        try:
            got = as_json(case(client))
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
        expected = as_json(expected)
        if isinstance(expected, list) and SHA256 in expected:
            expected[1] = same.setdefault(case, got[1])
        if got != expected:
            wrong.append(f"{case.__name__}: got {got}, expected {expected}")
    spoken = client.request("GET", "/hello/x").version
    if not spoken.startswith(version):
        wrong.append(f"version: it spoke {spoken}")
    if hasattr(client, "close"):
        client.close()
    return wrong


def in_chromium(rig):
    """Whether Chromium shows the page of `site`, and over TLS does so in HTTP/2."""
    program = Path(__file__).parents[1] / "browser" / "run.sh"
    pages = [f"{base}/site/" for base in rig.bases.values()]
    return subprocess.run([program, "page", *pages], check=False).returncode


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        rig = Rig(Path(directory), *sys.argv[1:4])
        same = {}
        try:
            for make, version, scheme in CLIENTS:
                wrong = run(make, version, scheme, rig, same)
                name = f"{make.__name__.lower()}, {version}, {scheme}"
                print(f"{'FAILED' if wrong else 'ok':7} {name}")
                for line in wrong:
                    print(f"        {line}")
                failed += bool(wrong)
            chromium = in_chromium(rig)
        finally:
            rig.stop()
    passed = len(CLIENTS) - failed
    if chromium == SKIPPED:
        print("skipped chromium")
    else:
        print(f"{'FAILED' if chromium else 'ok':7} chromium")
        passed, failed = (passed, failed + 1) if chromium else (passed + 1, failed)
    # As cargo says it, for whoever counts.
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
