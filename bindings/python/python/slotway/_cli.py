"""The command line ``python -m slotway``."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from slotway import _child, asgi, wsgi
from slotway._errors import Error
from slotway._lifespan import StartupFailed
from slotway._load import Interface, LoadError, interface_of, load
from slotway._reload import Sources
from slotway._slotway import __version__
from slotway._supervisor import Supervisor, this_command
from slotway._worker import Worker

__all__ = ["main"]

log = logging.getLogger("slotway.app")

#: The exit code of a worker that could not start, as uvicorn and gunicorn have it.
NOT_STARTED = 3

#: What other servers are told, and who is to be told it here.
_ELSEWHERE = {
    ("--host", "--port", "-b", "--bind", "--uds", "--fd"): (
        "the hub listens for clients: slotway hub --listen HOST:PORT"
    ),
    ("--ssl-keyfile", "--ssl-certfile", "--keyfile", "--certfile"): (
        "the hub speaks TLS: slotway hub --tls-cert FILE --tls-key FILE"
    ),
    ("--proxy-headers", "--forwarded-allow-ips"): (
        "the hub knows which proxies to trust: forwarded.trust in its configuration"
    ),
    ("--access-log", "--access-logfile"): "the hub writes the access log: log.access",
}


class _Elsewhere(argparse.Action):
    """A flag that is for the hub."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> NoReturn:
        parser.error(f"{option_string}: {self.const}")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m slotway",
        description="Serve an ASGI or WSGI application, or a slotway.Worker, as a worker of the "
        "Slotway hub.",
    )
    add = parser.add_argument
    add("app", help="the application or worker, as module:attribute, such as main:app")
    add("--name", help="name to register an application under; default: the module's")
    add(
        "--route",
        action="append",
        metavar="PATTERN",
        help="pattern to register, for all methods, such as /api/{*path}; may be given several "
        "times; default: / and /{*path}",
    )
    add(
        "--hub",
        metavar="PATH",
        help="the hub's control socket; default: $SLOTWAY_HUB, else the usual place",
    )
    add(
        "-w",
        "--workers",
        type=_count,
        metavar="N",
        default=os.environ.get("WEB_CONCURRENCY", "1"),
        help="processes; default: $WEB_CONCURRENCY, else 1",
    )
    add(
        "--threads",
        type=_count,
        metavar="N",
        help="requests that a process answers at a time; default: 1 for a WSGI application, "
        "which may not be made for more, and what it says itself for a worker",
    )
    add(
        "--interface",
        choices=["auto", "asgi", "wsgi"],
        default="auto",
        help="default: auto, which looks",
    )
    add("--factory", action="store_true", help="the attribute makes the application when called")
    add("--app-dir", metavar="DIR", help="directory to import from; default: the current one")
    add("--root-path", metavar="PATH", default="", help="path that the application is mounted at")
    add(
        "--lifespan",
        choices=["auto", "on", "off"],
        default="auto",
        help="ASGI's lifespan; default: auto",
    )
    add(
        "--loop",
        choices=["auto", "asyncio", "uvloop"],
        default="auto",
        help="event loop of an ASGI application; default: uvloop if it is installed",
    )
    add("--pathsend", action="store_true", help="offer ASGI's http.response.pathsend for files")
    add(
        "--limit-concurrency",
        type=_count,
        metavar="N",
        help="requests in flight; more wait in the hub",
    )
    add(
        "--timeout-graceful-shutdown",
        "--graceful-timeout",
        type=_seconds,
        metavar="SECONDS",
        help="for requests in flight at the end; default: 30",
    )
    add("--reload", action="store_true", help="start anew when sources change; for development")
    add(
        "--reload-dir",
        action="append",
        metavar="DIR",
        help="directory to watch; may be given several times; default: --app-dir",
    )
    add(
        "--log-level",
        choices=["critical", "error", "warning", "info", "debug"],
        default="info",
        help="default: info",
    )
    add("--version", action="version", version=f"slotway {__version__}")
    for flags, why in _ELSEWHERE.items():
        add(*flags, nargs="?", action=_Elsewhere, const=why, help=argparse.SUPPRESS)
    return parser


def _log_to_stderr(level: str) -> None:
    logger = logging.getLogger("slotway")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s [%(process)d] %(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False


def _log_in_spite_of_the_app() -> None:
    """A configuration of logging may disable every logger that it does not name."""
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if name.partition(".")[0] == "slotway" and isinstance(logger, logging.Logger):
            logger.disabled = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; gives the exit code."""
    args = _parser().parse_args(arguments)
    _log_to_stderr(args.log_level)
    if _child.parent() is None and (args.workers > 1 or args.reload):
        directories = args.reload_dir or [args.app_dir or os.curdir]
        return Supervisor(
            this_command(),
            args.workers,
            _graceful_timeout(args),
            Sources(directories) if args.reload else None,
        ).run()
    try:
        _serve(args)
    except (LoadError, StartupFailed) as error:
        log.error("%s", error)
        return NOT_STARTED
    except Error as error:
        log.error("%s", error)
        return 1
    return 0


def _serve(args: argparse.Namespace) -> None:
    try:
        app = load(args.app, args.app_dir, args.factory)
    except LoadError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        log.error("importing %s failed", args.app, exc_info=error)
        raise LoadError(f"{args.app} is not served") from error
    _log_in_spite_of_the_app()
    if isinstance(app, Worker):
        _serve_worker(app, args)
        return
    interface: Interface = (
        interface_of(app, args.app) if args.interface == "auto" else args.interface
    )
    name = args.name or re.sub(r"[^A-Za-z0-9._-]", "-", args.app.partition(":")[0])
    common: dict[str, Any] = {
        "name": name,
        "routes": args.route or asgi.ROUTES,
        "hub": args.hub,
        "root_path": args.root_path,
        "limit_concurrency": args.limit_concurrency,
        "graceful_timeout": _graceful_timeout(args),
    }
    if interface == "wsgi":
        wsgi.run(app, threads=args.threads or 1, multiprocess=args.workers > 1, **common)
        return
    if args.threads is not None:
        log.warning("--threads is for WSGI applications; this one speaks ASGI and has one loop")
    asgi.run(app, lifespan=args.lifespan, loop=args.loop, pathsend=args.pathsend, **common)


def _graceful_timeout(args: argparse.Namespace) -> float:
    given: float | None = args.timeout_graceful_shutdown
    return 30.0 if given is None else given


#: What a worker has in other ways.
_NOT_FOR_WORKERS = {
    "name": 'its name is said by Worker("name")',
    "route": "its routes are those of its handlers",
    "root_path": "its patterns are whole paths",
    "limit_concurrency": "Worker(max_concurrent=…) says it",
    "interface": "it needs none",
    "lifespan": "it has none",
    "loop": "it runs on uvloop where that is installed",
    "pathsend": "it has none",
}


def _serve_worker(worker: Worker, args: argparse.Namespace) -> None:
    """Serves a worker as its own ``run`` does."""
    parser = _parser()
    for option, why in _NOT_FOR_WORKERS.items():
        if getattr(args, option) != parser.get_default(option):
            raise LoadError(
                f"--{option.replace('_', '-')} is for applications; {args.app} is a "
                f"slotway.Worker, and {why}"
            )
    if args.hub is not None:
        worker.options["hub"] = args.hub
    if args.threads is not None:
        worker.threads = args.threads
    if args.timeout_graceful_shutdown is not None:
        worker.options["drain_deadline"] = args.timeout_graceful_shutdown
    worker.run()


if __name__ == "__main__":
    sys.exit(main())
