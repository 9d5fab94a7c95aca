"""Applications are found by name, and what they are by how they want to be called."""

import functools

import pytest

from serving import APPS
from slotway._load import LoadError, interface_of, load


async def asgi(scope, receive, send): ...


def asgi_by_another(scope, receive, send):
    return asgi(scope, receive, send)


def wsgi(environ, start_response): ...


def wsgi_with_more(environ, start_response, tracing=None): ...


class AsgiObject:
    async def __call__(self, scope, receive, send): ...

    def method(self, environ, start_response): ...


class WsgiObject:
    def __call__(self, environ, start_response): ...


def decorated(app):
    @functools.wraps(app)
    async def wrapper(*args):
        await app(*args)

    return wrapper


@pytest.mark.parametrize(
    ("app", "kind"),
    [
        (asgi, "asgi"),
        (asgi_by_another, "asgi"),
        (AsgiObject(), "asgi"),
        (decorated(asgi), "asgi"),
        (functools.partial(asgi), "asgi"),
        (wsgi, "wsgi"),
        (wsgi_with_more, "wsgi"),
        (WsgiObject(), "wsgi"),
        (AsgiObject().method, "wsgi"),
    ],
)
def test_which_interface_an_application_speaks(app, kind):
    assert interface_of(app) == kind


@pytest.mark.parametrize(
    ("app", "why"),
    [
        (5, "an int and cannot be called"),
        (AsgiObject, "is a class"),
        (lambda: asgi, "use --factory"),
        (lambda scope: asgi, "ASGI 2"),
        (lambda *args: None, "--interface asgi or --interface wsgi"),
        (lambda a, b, c, d: None, "--interface asgi or --interface wsgi"),
    ],
)
def test_what_is_no_application_says_so(app, why):
    with pytest.raises(LoadError, match=why):
        interface_of(app)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("", "names no module"),
        (":app", "names no module"),
        ("asgi_probe.py:app", "file's name; a module's is wanted, such as asgi_probe:app"),
        ("apps/asgi_probe:app", "such as apps.asgi_probe:app"),
        ("nowhere_at_all:app", "no module 'nowhere_at_all'"),
        ("asgi_probe.nested:app", "no module 'asgi_probe.nested'"),
        ("asgi_probe:missing", "the module 'asgi_probe' has no 'missing'"),
        ("asgi_probe:app.more", "has no 'app.more'"),
        ("serving", "neither app nor application nor worker"),
    ],
)
def test_what_cannot_be_found_says_why(target, why):
    with pytest.raises(LoadError, match=why):
        load(target, str(APPS))


def test_what_a_module_cannot_import_is_its_own_error(tmp_path):
    (tmp_path / "needs_more.py").write_text("import not_there_either\n")
    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        load("needs_more:app", str(tmp_path))


def test_attributes_and_factories():
    app = load("asgi_probe:app", str(APPS))
    assert load("asgi_probe", str(APPS)) is app
    assert load("asgi_probe:make", str(APPS), factory=True) is app
    assert load("asgi_probe:app.__call__", str(APPS)) is not None
    with pytest.raises(LoadError, match="which --factory cannot call"):
        load("asgi_probe:events", str(APPS), factory=True)
