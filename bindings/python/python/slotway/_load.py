"""Find an application by its name, and find out what kind of application it is."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any, Literal

__all__ = ["Interface", "LoadError", "interface_of", "load", "not_while_loading"]

#: What an application speaks.
Interface = Literal["asgi", "wsgi"]

#: What is looked for in a module that is named without an attribute.
_USUAL_NAMES = ("app", "application", "worker")

#: What is being loaded, if something is.
_loading: str | None = None


class LoadError(Exception):
    """An application could not be found; the text says what to do."""


def load(target: str, app_dir: str | None = None, factory: bool = False) -> Any:
    """Imports ``module:attribute``, as from the directory ``app_dir``.

    The attribute may have dots; without one ``app``, ``application`` and ``worker`` are
    tried. With ``factory`` it is called, without arguments, and what it returns is served.
    """
    directory = os.path.abspath(app_dir if app_dir is not None else os.curdir)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    module_name, _, attribute = target.partition(":")
    if not module_name:
        raise LoadError(f"{target!r} names no module; write it as module:attribute, like main:app")
    if module_name.endswith(".py") or os.sep in module_name:
        name = module_name.removesuffix(".py").replace(os.sep, ".").strip(".")
        raise LoadError(
            f"{module_name!r} is a file's name; a module's is wanted, such as "
            f"{name}:{attribute or 'app'}"
        )
    global _loading
    _loading = module_name
    try:
        module = _import(module_name, directory)
        app = _attribute(module, module_name, attribute)
        if not factory:
            return app
        if not callable(app):
            raise LoadError(f"{target} is {_kind(app)}, which --factory cannot call")
        return app()
    finally:
        _loading = None


def not_while_loading(call: str) -> None:
    """Objects to a program that serves by itself as soon as it is imported: it would never
    be found, and serve once more when it has ended."""
    if _loading is not None:
        raise LoadError(
            f"importing {_loading!r} calls {call}, and does not come back; put that under "
            '`if __name__ == "__main__":`, or run the file without -m slotway'
        )


def _import(module_name: str, directory: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # What the module itself imports and cannot find is for its author to see.
        wanted = f"{module_name}."
        if error.name is None or not wanted.startswith(f"{error.name}."):
            raise
        raise LoadError(
            f"there is no module {error.name!r} in {directory}, nor is one installed in "
            f"{sys.prefix}; --app-dir says where to look"
        ) from None


def _attribute(module: Any, module_name: str, attribute: str) -> Any:
    if not attribute:
        for name in _USUAL_NAMES:
            if hasattr(module, name):
                return getattr(module, name)
        raise LoadError(
            f"the module {module_name!r} has neither app nor application nor worker; say which "
            f"attribute it is, like {module_name}:api"
        )
    found = module
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise LoadError(
                f"the module {module_name!r} has no {attribute!r}: {_kind(found)} has no "
                f"attribute {name!r}"
            ) from None
    return found


def interface_of(app: Any, target: str = "the application") -> Interface:
    """Whether an application speaks ASGI or WSGI, by how it wants to be called."""
    if not callable(app):
        raise LoadError(f"{target} is {_kind(app)} and cannot be called; it is no application")
    if inspect.isclass(app):
        raise LoadError(
            f"{target} is a class and no application; give an instance, or use --factory"
        )
    call = _call_of(app)
    if inspect.iscoroutinefunction(call):
        return "asgi"
    wanted = _arguments(call)
    if wanted == 3:
        # ASGI, by a function that returns what another one's call gives.
        return "asgi"
    if wanted == 2:
        return "wsgi"
    if wanted == 0:
        raise LoadError(f"{target} takes no arguments; if it makes the application, use --factory")
    if wanted == 1:
        raise LoadError(
            f"{target} takes one argument, as applications of ASGI 2 did and functions do that "
            "make an application; version 3 takes scope, receive and send"
        )
    raise LoadError(
        f"{target} does not show by its arguments whether it is ASGI or WSGI; say so with "
        "--interface asgi or --interface wsgi"
    )


def _call_of(app: Any) -> Callable[..., Any]:
    while isinstance(app, functools.partial):
        app = app.func
    if inspect.isfunction(app) or inspect.ismethod(app):
        inner: Callable[..., Any] = inspect.unwrap(app)
        return inner
    call: Callable[..., Any] = app.__call__
    return call


def _arguments(call: Callable[..., Any]) -> int | None:
    """How many arguments a call needs; ``None`` if that cannot be told."""
    try:
        parameters = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)


def _kind(value: Any) -> str:
    name = type(value).__name__
    if inspect.ismodule(value):
        return f"the module {value.__name__!r}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
