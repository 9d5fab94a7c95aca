//! What an ASGI application is told of a request, in one call.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use crate::convert::{unquoted, utf8};
use crate::exchange::{Exchange, copied};
use crate::host::{Host, scheme};

/// Puts into `scope` what differs from request to request.
#[pyfunction]
pub(crate) fn fill_scope(
    py: Python<'_>,
    exchange: &Bound<'_, Exchange>,
    scope: &Bound<'_, PyDict>,
) -> PyResult<()> {
    let exchange = exchange.get();
    // Text and bytes alone: see P3.
    let found = exchange.head(py, |head| {
        let host = head.header("host").map(Host::parse);
        Found {
            method: PyString::intern(py, head.method()),
            path: unquoted(py, head.path()),
            raw_path: PyBytes::new(py, head.path()),
            query: PyBytes::new(py, head.query().unwrap_or(&[])),
            headers: copied(py, head.headers()),
            peer: head.peer().map(|peer| (peer.ip().to_string(), peer.port())),
            scheme: scheme(head.header("x-forwarded-proto")),
            server: host.map(|host| (utf8(py, host.name), host.port)),
            version: match head.http_version() {
                10 => "1.0",
                20 => "2",
                _ => "1.1",
            },
        }
    })?;
    scope.set_item(intern!(py, "method"), found.method)?;
    scope.set_item(intern!(py, "path"), found.path)?;
    scope.set_item(intern!(py, "raw_path"), found.raw_path)?;
    scope.set_item(intern!(py, "query_string"), found.query)?;
    scope.set_item(intern!(py, "headers"), PyList::new(py, found.headers)?)?;
    scope.set_item(intern!(py, "client"), found.peer)?;
    let port = found.scheme.port();
    let server = found.server.map(|(name, stated)| (name, stated.unwrap_or(port)));
    scope.set_item(intern!(py, "server"), server)?;
    scope.set_item(intern!(py, "scheme"), found.scheme.text())?;
    scope.set_item(intern!(py, "http_version"), found.version)
}

/// What is found in a head.
struct Found<'py> {
    method: Bound<'py, PyString>,
    path: Bound<'py, PyString>,
    raw_path: Bound<'py, PyBytes>,
    query: Bound<'py, PyBytes>,
    headers: Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>,
    peer: Option<(String, u16)>,
    scheme: crate::host::Scheme,
    server: Option<(Bound<'py, PyString>, Option<u16>)>,
    version: &'static str,
}
