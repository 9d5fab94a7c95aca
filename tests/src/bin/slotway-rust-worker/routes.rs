//! The routes.

use std::io::Write;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use slotway::{Error, Exchange, Header, Result};
use slotway_tests::Pattern;

/// What answers a request. An error ends as an answer that says so.
type Handler = fn(&mut Exchange) -> Result<()>;

pub(super) const ROUTES: [(&str, &str, Handler); 18] = [
    ("GET", "/hello/{name}", hello),
    ("*", "/echo", echo),
    ("GET", "/headers", headers),
    ("GET", "/target/{first}/{*rest}", target),
    ("GET", "/download/{bytes}", download),
    ("GET", "/sized/{bytes}", sized),
    ("GET", "/inplace/{bytes}", inplace),
    ("GET", "/big-head/{bytes}", big_head),
    ("POST", "/slow-read/{ms}", slow_read),
    ("GET", "/sleep/{ms}", sleep),
    ("GET", "/late/{ms}/{id}", late),
    ("GET", "/wait-cancelled/{id}", wait_cancelled),
    ("GET", "/panic", panics),
    ("GET", "/abort/{bytes}", abort),
    ("GET", "/bad/{kind}", bad),
    ("GET", "/twice", twice),
    ("GET", "/die", die),
    ("GET", "/pid", pid),
];

static PATTERN: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(0));
const TEXT: Header<'static> = (b"content-type", b"text/plain");

/// Answers one request, whatever happens.
pub(super) fn answer(exchange: &mut Exchange) {
    let (_, _, handler) = ROUTES[exchange.route_index() as usize];
    let answered = handler(exchange);
    if let Err(error) = answered {
        say(&format!("{} failed: {}", exchange.route(), error.code()));
        if exchange.is_open() {
            // The client may be gone as well; then this goes nowhere.
            let _ = exchange.abort();
        }
    }
}

/// Prints a line for the test, at once and whole.
fn say(line: &str) {
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

fn hello(exchange: &mut Exchange) -> Result<()> {
    let greeting = format!("hello, {}", text(exchange, "name"));
    exchange.respond(200, [TEXT], greeting.as_bytes())
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

fn headers(exchange: &mut Exchange) -> Result<()> {
    let mut lines = Vec::new();
    for (name, value) in exchange.headers() {
        lines.extend_from_slice(name);
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value);
        lines.push(b'\n');
    }
    let headers: [Header<'_>; 6] = [
        TEXT,
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"x-raw", b"caf\xe9 \xff\xfe"),
        (b"set-cookie", b"a=1"),
        (b"x-empty", b""),
    ];
    exchange.respond(200, headers, &lines)
}

fn target(exchange: &mut Exchange) -> Result<()> {
    let query = exchange.query().map_or("none".into(), String::from_utf8_lossy);
    let lines = format!(
        "{}\n{}\n{query}\n{}\n{}\n{}\n",
        exchange.method(),
        String::from_utf8_lossy(exchange.path()),
        exchange.route(),
        text(exchange, "first"),
        text(exchange, "rest"),
    );
    exchange.respond(200, [TEXT], lines.as_bytes())
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

fn inplace(exchange: &mut Exchange) -> Result<()> {
    let length = number(exchange, "bytes");
    let bytes = PATTERN.take(length);
    exchange.reserve(bytes.len())?.copy_from_slice(&bytes);
    exchange.commit(bytes.len())?;
    exchange.complete(200, [TEXT])
}

fn big_head(exchange: &mut Exchange) -> Result<()> {
    let value = vec![b'v'; number(exchange, "bytes") as usize / 4];
    let header: Header<'_> = (b"x-big", &value);
    exchange.respond(200, [header; 4], b"big")
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

fn panics(_: &mut Exchange) -> Result<()> {
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

fn pid(exchange: &mut Exchange) -> Result<()> {
    exchange.respond(200, [TEXT], std::process::id().to_string().as_bytes())
}
