"""Serve a WSGI application as a worker of the hub.

The command line does this for an application that is there already::

    python -m slotway main:app --threads 4

and ``run`` does it from a program of one's own. PEP 3333 works whole: the body is read
as it arrives, ``write`` and iterables are sent as they come, and the interpreter is let go
whenever a thread waits for the hub or the client.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from slotway._child import Parent, parent
from slotway._current import Current
from slotway._errors import Closed, Error
from slotway._load import not_while_loading
from slotway._register import ROUTES, connect
from slotway._running import Signals, only_in_main_thread
from slotway._slotway import Core, fill_environ
from slotway._wsgi_answer import Application, FileWrapper, handle
from slotway._wsgi_input import wsgi_input

__all__ = ["ROUTES", "FileWrapper", "run"]

log: logging.Logger = logging.getLogger("slotway.wsgi")


def run(
    app: Application,
    *,
    name: str = "app",
    routes: Sequence[str] = ROUTES,
    hub: str | os.PathLike[str] | None = None,
    root_path: str = "",
    threads: int = 1,
    multiprocess: bool = False,
    limit_concurrency: int | None = None,
    graceful_timeout: float = 30.0,
) -> None:
    """Serves until SIGTERM or SIGINT, or until a newer deployment has this one's place.

    A second signal ends without waiting for requests. From the main thread.

    :param name: under which the worker registers; workers of one name share the load.
    :param routes: patterns, each for all methods.
    :param hub: the path of the hub's control socket; without it what ``$SLOTWAY_HUB`` names,
        else the usual place.
    :param root_path: the path that the application is mounted at (``SCRIPT_NAME``).
    :param threads: requests that are answered at a time.
    :param multiprocess: what ``wsgi.multiprocess`` is to say.
    :param limit_concurrency: requests in flight at most; more wait in the hub.
    :param graceful_timeout: seconds that requests in flight have at the end.
    :raises slotway.Error: the hub refuses the worker.
    """
    not_while_loading("slotway.wsgi.run()")
    only_in_main_thread("slotway.wsgi.run() hears signals", "it cannot be used")
    server = _Server(app, root_path, threads, multiprocess)
    server.core = connect(name, routes, hub, limit_concurrency, graceful_timeout)
    supervisor = parent()
    current = Current(server.core, {name: 0})
    current.enter()
    try:
        with Signals(server):
            if supervisor is not None:
                supervisor.watch(server.core.begin_shutdown)
            server.serve(name, supervisor)
    finally:
        current.leave()


class _Server:
    """One application on some threads."""

    core: Core

    def __init__(self, app: Application, root_path: str, threads: int, multiprocess: bool) -> None:
        self.app = app
        self.root_path = root_path.rstrip("/")
        self.threads = threads
        self.hurry = False
        self.ended = threading.Event()
        self.error: Error | None = None
        #: What every environment begins with.
        self.environ: dict[str, Any] = {
            "SCRIPT_NAME": self.root_path,
            "SERVER_SOFTWARE": "slotway",
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": threads > 1,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            # The input ends with the body, so it may be read to the end without a length.
            "wsgi.input_terminated": True,
            "wsgi.file_wrapper": FileWrapper,
        }

    def serve(self, name: str, supervisor: Parent | None) -> None:
        """Answers until the connection is closed."""
        live = threading.Thread(target=self._live, args=(name, supervisor), daemon=True)
        live.start()
        # Not the main thread: it does not hear signals while it waits in the hub's memory.
        pool = [
            threading.Thread(target=self._answer, name=f"slotway-wsgi-{number}", daemon=True)
            for number in range(self.threads)
        ]
        for thread in pool:
            thread.start()
        self.ended.wait()
        # Answers are out or were given up; what follows an answer may take a moment.
        until = time.monotonic() + 5
        for thread in pool:
            while thread.is_alive() and not self.hurry and time.monotonic() < until:
                thread.join(0.1)
        if self.error is not None:
            raise self.error

    def _live(self, name: str, supervisor: Parent | None) -> None:
        """Says it once requests come here, and again when none come any more."""
        try:
            self.core.wait_live()
            log.info("serving as %r (WSGI, threads: %d)", name, self.threads)
            if supervisor is not None:
                supervisor.ready()
            self.core.wait_closed()
        except Closed:
            pass
        except Error as error:
            self.error = error
        finally:
            self.ended.set()

    def _answer(self) -> None:
        """Answers one request after the other."""
        core, app, root_path, template = self.core, self.app, self.root_path, self.environ
        try:
            while True:
                exchange = core.next()
                if exchange is None:
                    continue
                environ = template.copy()
                fill_environ(exchange, environ, root_path)
                environ["wsgi.input"] = wsgi_input(exchange)
                handle(exchange, app, environ)
                # Not kept while waiting for the next: what hangs on it may be large.
                del exchange, environ
        except Error:
            # It is closed, and `_live` hears why.
            pass

    def begin_shutdown(self) -> None:
        """Nothing new comes, what is in hand is finished."""
        self.core.begin_shutdown()

    def begin_close(self) -> None:
        """Does not wait for what is in hand."""
        self.hurry = True
        self.core.begin_close()
