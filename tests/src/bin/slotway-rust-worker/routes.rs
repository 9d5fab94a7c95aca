//! The routes.

use std::io::Write;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use slotway::{Error, Exchange, Header, IntoResponse, Request, Response, Result};
use slotway_tests::Pattern;

/// What answers a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// By what it gives back.
    Gives(fn(&mut Request) -> Response),
    /// By hand. An error that leaves the exchange open breaks it off.
    Answers(fn(&mut Exchange) -> Result<()>),
}

use Handler::{Answers, Gives};

pub(super) const ROUTES: [(&str, &str, Handler); 18] = [
    ("GET", "/hello/{name}", Gives(hello)),
    ("*", "/echo", Answers(echo)),
    ("GET", "/headers", Gives(headers)),
    ("GET", "/target/{first}/{*rest}", Gives(target)),
    ("GET", "/download/{bytes}", Answers(download)),
    ("GET", "/sized/{bytes}", Answers(sized)),
    ("GET", "/inplace/{bytes}", Gives(inplace)),
    ("GET", "/big-head/{bytes}", Gives(big_head)),
    ("POST", "/slow-read/{ms}", Answers(slow_read)),
    ("GET", "/sleep/{ms}", Answers(sleep)),
    ("GET", "/late/{ms}/{id}", Answers(late)),
    ("GET", "/wait-cancelled/{id}", Answers(wait_cancelled)),
    ("GET", "/panic", Gives(panics)),
    ("GET", "/abort/{bytes}", Answers(abort)),
    ("GET", "/bad/{kind}", Answers(bad)),
    ("GET", "/twice", Answers(twice)),
    ("GET", "/die", Answers(die)),
    ("GET", "/pid", Gives(pid)),
];

static PATTERN: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(0));
const TEXT: Header<'static> = (b"content-type", b"text/plain");

/// Answers one request.
pub(super) fn answer(handler: Handler, request: &mut Request) -> Response {
    let by_hand = match handler {
        Gives(handler) => return handler(request),
        Answers(handler) => handler,
    };
    let exchange = request.exchange();
    if let Err(error) = by_hand(exchange) {
        say(&format!("{} failed: {}", exchange.route(), error.code()));
        if exchange.is_open() {
            // The client may be gone as well; then this goes nowhere.
            let _ = exchange.abort();
        }
    }
    // It is answered, so this is not sent.
    Response::new(500)
}

/// Prints a line for the test, at once and whole.
pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "worker: {line}");
    let _ = out.flush();
}

fn text(exchange: &Exchange, name: &str) -> String {
    String::from_utf8_lossy(exchange.param(name).unwrap_or_default()).into_owned()
}

fn number(exchange: &Exchange, name: &str) -> u64 {
    text(exchange, name).parse().unwrap_or(0)
}

fn millis(exchange: &Exchange) -> Duration {
    Duration::from_millis(number(exchange, "ms"))
}

fn hello(request: &mut Request) -> Response {
    format!("hello, {}", request.param("name").unwrap_or_default()).into_response()
}

fn echo(exchange: &mut Exchange) -> Result<()> {
    let mut back: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (name, value) in exchange.headers() {
        if name.starts_with(b"x-") || name == b"content-type" {
            back.push((name.to_vec(), value.to_vec()));
        }
    }
    back.push((b"x-method".to_vec(), exchange.method().as_bytes().to_vec()));
    exchange.start(200, back.iter().map(|(name, value)| (&name[..], &value[..])))?;
    let mut piece = vec![0; 16 << 10];
    loop {
        match exchange.read(&mut piece, None)? {
            0 => return exchange.finish(),
            count => exchange.write(&piece[..count], None)?,
        }
    }
}

fn headers(request: &mut Request) -> Response {
    let mut lines = Vec::new();
    for (name, value) in request.headers() {
        lines.extend_from_slice(name);
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value);
        lines.push(b'\n');
    }
    Response::new(200)
        .header("content-type", "text/plain")
        .header("set-cookie", "a=1")
        .header("set-cookie", "b=2")
        .header("x-raw", b"caf\xe9 \xff\xfe")
        .header("set-cookie", "a=1")
        .header("x-empty", "")
        .body(lines)
}

fn target(request: &mut Request) -> Response {
    let (query, route) = (request.query().unwrap_or("none"), request.route());
    let param = |name| request.param(name).unwrap_or_default();
    let (method, path) = (request.method(), request.path());
    let (first, rest) = (param("first"), param("rest"));
    format!("{method}\n{path}\n{query}\n{route}\n{first}\n{rest}\n").into_response()
}

fn download(exchange: &mut Exchange) -> Result<()> {
    exchange.start(200, [TEXT])?;
    stream(exchange)
}

fn sized(exchange: &mut Exchange) -> Result<()> {
    let length = text(exchange, "bytes");
    exchange.start(200, [TEXT, (b"content-length", length.as_bytes())])?;
    stream(exchange)
}

fn stream(exchange: &mut Exchange) -> Result<()> {
    let length = number(exchange, "bytes");
    let mut sent = 0;
    while sent < length {
        let piece = PATTERN.slice(sent, length - sent);
        exchange.write(piece, None)?;
        sent += piece.len() as u64;
    }
    exchange.finish()
}

/// The library makes a response of what goes wrong.
fn inplace(request: &mut Request) -> Response {
    let exchange = request.exchange();
    let bytes = PATTERN.take(number(exchange, "bytes"));
    let written = exchange.reserve(bytes.len()).map(|space| space.copy_from_slice(&bytes));
    written
        .and_then(|()| exchange.commit(bytes.len()))
        .and_then(|()| exchange.complete(200, [TEXT]))
        .into_response()
}

fn big_head(request: &mut Request) -> Response {
    let bytes: usize = request.param("bytes").and_then(|text| text.parse().ok()).unwrap_or(0);
    let value = vec![b'v'; bytes / 4];
    let response = Response::new(200).body("big");
    (0..4).fold(response, |response, _| response.header("x-big", &value))
}

fn slow_read(exchange: &mut Exchange) -> Result<()> {
    let pause = millis(exchange);
    let mut piece = vec![0; 64 << 10];
    let mut length = 0_u64;
    loop {
        let count = exchange.read(&mut piece, None)?;
        if count == 0 {
            return exchange.respond(200, [TEXT], length.to_string().as_bytes());
        }
        PATTERN.check(length, &piece[..count]);
        length += count as u64;
        thread::sleep(pause);
    }
}

fn sleep(exchange: &mut Exchange) -> Result<()> {
    match exchange.wait_cancelled(Some(millis(exchange))) {
        true => Err(Error::Cancelled),
        false => exchange.respond(200, [TEXT], b"slept"),
    }
}

fn late(exchange: &mut Exchange) -> Result<()> {
    let id = text(exchange, "id");
    thread::sleep(millis(exchange));
    let answered = exchange.respond(200, [TEXT], format!("late {id}").as_bytes());
    let outcome = answered.as_ref().map_or_else(|error| error.code().name(), |()| "ok");
    say(&format!("late {id}: {outcome}"));
    answered
}

fn wait_cancelled(exchange: &mut Exchange) -> Result<()> {
    let id = text(exchange, "id");
    say(&format!("waiting {id}"));
    let cancelled = exchange.wait_cancelled(Some(Duration::from_secs(60)));
    say(&format!("{} {id}", if cancelled { "cancelled" } else { "never cancelled" }));
    Err(Error::Cancelled)
}

fn panics(_: &mut Request) -> Response {
    panic!("as asked for");
}

fn abort(exchange: &mut Exchange) -> Result<()> {
    let length = number(exchange, "bytes");
    if length > 0 {
        exchange.start(200, [TEXT])?;
        exchange.write(&PATTERN.take(length), None)?;
        exchange.flush()?;
    }
    exchange.abort()
}

fn bad(exchange: &mut Exchange) -> Result<()> {
    let kind = text(exchange, "kind");
    let header = |exchange: &mut Exchange, name: &[u8], value: &[u8]| {
        exchange.respond(200, [(name, value)], b"")
    };
    let tried = match kind.as_str() {
        "status-0" => exchange.respond(0, [TEXT], b""),
        "status-100" => exchange.respond(100, [TEXT], b""),
        "status-1000" => exchange.respond(1000, [TEXT], b""),
        "name" => header(exchange, b"a b", b"c"),
        "empty-name" => header(exchange, b"", b"c"),
        "value" => header(exchange, b"x", b"y\r\nset-cookie: stolen=1"),
        "transfer-encoding" => header(exchange, b"transfer-encoding", b"chunked"),
        "length" => header(exchange, b"content-length", b"7"),
        "length-word" => header(exchange, b"content-length", b"seven"),
        "head" => header(exchange, b"x-endless", &vec![b'x'; 1 << 20]),
        "short" => exchange
            .start(200, [(&b"content-length"[..], &b"10"[..])])
            .and_then(|()| exchange.write(b"short", None))
            .and_then(|()| exchange.finish()),
        "long" => exchange
            .start(200, [(&b"content-length"[..], &b"3"[..])])
            .and_then(|()| exchange.write(b"too long", None))
            .and_then(|()| exchange.finish()),
        _ => exchange.respond(404, [TEXT], b"no such kind"),
    };
    let outcome = tried.as_ref().map_or_else(|error| error.code().name(), |()| "ok");
    say(&format!("bad {kind}: {outcome}"));
    tried
}

fn twice(exchange: &mut Exchange) -> Result<()> {
    exchange.respond(200, [TEXT], b"first")?;
    let again = exchange.respond(200, [TEXT], b"second");
    let outcome = again.map_or_else(|error| error.code().name(), |()| "ok");
    say(&format!("twice: {outcome}"));
    Ok(())
}

fn die(_: &mut Exchange) -> Result<()> {
    let this = rustix::process::getpid();
    let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
    loop {
        thread::park();
    }
}

fn pid(_: &mut Request) -> Response {
    std::process::id().to_string().into_response()
}
