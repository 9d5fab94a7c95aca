//! What a WSGI application is told of a request, in one call.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use slotway_core::head::RequestHead;

use crate::convert::{latin1, percent_decoded};
use crate::exchange::Exchange;
use crate::host::{Host, scheme};

/// A variable's name and its value.
type Variable<'py> = (Bound<'py, PyString>, Bound<'py, PyString>);

/// Puts into `environ` what differs from request to request. `SCRIPT_NAME` is there before;
/// a path below it is told without it.
#[pyfunction]
pub(crate) fn fill_environ(
    py: Python<'_>,
    exchange: &Bound<'_, Exchange>,
    environ: &Bound<'_, PyDict>,
    root_path: &str,
) -> PyResult<()> {
    let exchange = exchange.get();
    // Text alone: see P3.
    for (name, value) in exchange.head(py, |head| variables(py, head, root_path))? {
        environ.set_item(name, value)?;
    }
    Ok(())
}

fn variables<'py>(py: Python<'py>, head: &RequestHead<'_>, root_path: &str) -> Vec<Variable<'py>> {
    let mut variables = Vec::with_capacity(32);
    let mut put = |name: &Bound<'py, PyString>, value: Bound<'py, PyString>| {
        variables.push((name.clone(), value));
    };
    let path = percent_decoded(head.path());
    put(intern!(py, "REQUEST_METHOD"), PyString::intern(py, head.method()));
    put(intern!(py, "PATH_INFO"), latin1(py, below(&path, root_path.as_bytes())));
    put(intern!(py, "QUERY_STRING"), latin1(py, head.query().unwrap_or(&[])));
    let mut target = head.path().to_vec();
    if let Some(query) = head.query() {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    put(intern!(py, "RAW_URI"), latin1(py, &target));
    let protocol = match head.http_version() {
        10 => intern!(py, "HTTP/1.0"),
        20 => intern!(py, "HTTP/2"),
        _ => intern!(py, "HTTP/1.1"),
    };
    put(intern!(py, "SERVER_PROTOCOL"), protocol.clone());
    let scheme = scheme(head.header("x-forwarded-proto"));
    put(intern!(py, "wsgi.url_scheme"), PyString::intern(py, scheme.text()));
    // PEP 3333 wants both, and neither empty.
    let host = head.header("host").filter(|host| !host.is_empty()).unwrap_or(b"localhost");
    let host = Host::parse(host);
    put(intern!(py, "SERVER_NAME"), latin1(py, host.name));
    let port = host.port.unwrap_or(scheme.port());
    put(intern!(py, "SERVER_PORT"), PyString::new(py, &port.to_string()));
    // Over a Unix socket there is no address to tell.
    if let Some(peer) = head.peer() {
        put(intern!(py, "REMOTE_ADDR"), PyString::new(py, &peer.ip().to_string()));
        put(intern!(py, "REMOTE_PORT"), PyString::new(py, &peer.port().to_string()));
    }
    headers(py, head, &mut variables);
    variables
}

/// Headers as variables. One that comes several times becomes one. Names with an underscore
/// are left out: they would pass for others with a hyphen, which a proxy may have vouched for.
fn headers<'py>(py: Python<'py>, head: &RequestHead<'_>, variables: &mut Vec<Variable<'py>>) {
    let first = variables.len();
    let mut name = String::with_capacity(48);
    // The names as they came, beside `variables`; few, so they are looked through.
    let mut seen: Vec<&[u8]> = Vec::with_capacity(24);
    for (original, value) in head.headers() {
        if original.contains(&b'_') {
            continue;
        }
        if let Some(index) = seen.iter().position(|&earlier| earlier == original) {
            let all = head.headers().filter(|(name, _)| *name == original);
            let gap: &[u8] = if original == b"cookie" { b"; " } else { b"," };
            let values: Vec<&[u8]> = all.map(|(_, value)| value).collect();
            variables[first + index].1 = latin1(py, &values.join(gap));
            continue;
        }
        seen.push(original);
        let key = match original {
            b"content-type" => intern!(py, "CONTENT_TYPE").clone(),
            b"content-length" => intern!(py, "CONTENT_LENGTH").clone(),
            b"host" => intern!(py, "HTTP_HOST").clone(),
            b"user-agent" => intern!(py, "HTTP_USER_AGENT").clone(),
            b"accept" => intern!(py, "HTTP_ACCEPT").clone(),
            b"cookie" => intern!(py, "HTTP_COOKIE").clone(),
            b"forwarded" => intern!(py, "HTTP_FORWARDED").clone(),
            b"traceparent" => intern!(py, "HTTP_TRACEPARENT").clone(),
            b"x-request-id" => intern!(py, "HTTP_X_REQUEST_ID").clone(),
            b"x-forwarded-for" => intern!(py, "HTTP_X_FORWARDED_FOR").clone(),
            b"x-forwarded-proto" => intern!(py, "HTTP_X_FORWARDED_PROTO").clone(),
            b"x-forwarded-host" => intern!(py, "HTTP_X_FORWARDED_HOST").clone(),
            _ => {
                name.clear();
                name.push_str("HTTP_");
                name.extend(original.iter().map(|&byte| match byte {
                    b'-' => '_',
                    _ => char::from(byte.to_ascii_uppercase()),
                }));
                PyString::new(py, &name)
            }
        };
        variables.push((key, latin1(py, value)));
    }
}

/// A path as it is below another one that the application is mounted at.
fn below<'a>(path: &'a [u8], root: &[u8]) -> &'a [u8] {
    match path.strip_prefix(root) {
        Some(rest) if rest.is_empty() || rest.starts_with(b"/") => rest,
        _ => path,
    }
}
