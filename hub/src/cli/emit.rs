//! `slotway emit`: publishes events on the bus of a hub that runs.

use std::convert::Infallible;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use clap::Args;
use futures_util::stream;
use http::Method;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, stdin};

use super::surface::{Failure, Surface, pair, read, run as run_command};

/// Lines that go into one piece of the request at most, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// Bytes of one line at most: an event as large as may be, in base64, and its names.
const LINE_BYTES_MAX: usize = 8 << 20;

/// The flags of `slotway emit`.
#[derive(Debug, Args)]
pub(super) struct EmitArgs {
    /// Topic to publish to, as in orders.eu.created.
    #[arg(required_unless_present = "events")]
    topic: Option<String>,

    /// Payload of the event. Without it, standard input is.
    #[arg(conflicts_with_all = ["lines", "events"])]
    data: Option<String>,

    /// Each line of standard input is the payload of one event, sent as it comes.
    #[arg(long)]
    lines: bool,

    /// Each line of standard input is one event as a JSON object, with the fields that
    /// `slotway tail --json` prints.
    #[arg(long, conflicts_with = "lines")]
    events: bool,

    /// Type of the event, which browsers listen for.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Id of the event, for whoever wants to tell it from others. Without it, the hub's
    /// sequence number is.
    #[arg(long, conflicts_with_all = ["lines", "events"])]
    id: Option<String>,

    /// Who publishes. Without it nobody does: the event is the system's.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,

    /// Wait for subscribers that are full, 50 ms at most for all of them together.
    #[arg(long)]
    must_deliver: bool,

    #[command(flatten)]
    surface: Surface,
}

/// One line of a request.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    data: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    must_deliver: bool,
}

/// What the hub made of them.
#[derive(Deserialize)]
struct Made {
    published: u64,
    refused: u64,
    #[serde(default)]
    refusals: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    /// Counted from 1.
    line: u64,
    detail: String,
}

/// Publishes what the arguments or standard input hold.
pub(super) fn run(args: EmitArgs) -> ExitCode {
    run_command(async move {
        if args.lines || args.events { emit_lines(args).await } else { emit_one(&args).await }
    })
}

async fn emit_one(args: &EmitArgs) -> Result<(), Failure> {
    let mut target = "/internal/emit".to_owned();
    let must_deliver = args.must_deliver.then_some("true");
    for (name, value) in [
        ("topic", args.topic.as_deref()),
        ("type", args.kind.as_deref()),
        ("id", args.id.as_deref()),
        ("principal", args.principal.as_deref()),
        ("must_deliver", must_deliver),
    ] {
        if let Some(value) = value {
            pair(&mut target, name, value);
        }
    }
    let payload = match &args.data {
        Some(data) => Bytes::from(data.clone()),
        None => {
            let mut payload = Vec::new();
            let most = LINE_BYTES_MAX as u64;
            stdin().take(most).read_to_end(&mut payload).await.map_err(unreadable)?;
            payload.into()
        }
    };
    let octets = Some("application/octet-stream");
    let answer = args.surface.send(Method::POST, &target, octets, Full::new(payload)).await?;
    read(answer).await.map(drop)
}

async fn emit_lines(args: EmitArgs) -> Result<(), Failure> {
    let surface = args.surface.clone();
    let too_long = Arc::new(AtomicU64::new(0));
    let input = BufReader::with_capacity(PIECE_BYTES, stdin());
    let lines = Lines { input, number: 0, too_long: too_long.clone(), args };
    let pieces = stream::unfold(lines, |mut lines| async move {
        let piece = lines.piece().await;
        piece.map(|piece| (Ok::<_, Infallible>(Frame::data(piece)), lines))
    });
    let ndjson = Some("application/x-ndjson");
    // Boxed on the heap because a stream of the unfolded kind cannot be moved once it runs.
    let body = StreamBody::new(Box::pin(pieces)).boxed_unsync();
    let answer = surface.send(Method::POST, "/internal/emit", ndjson, body).await?;
    let answer = read(answer).await?;
    let made: Made = serde_json::from_slice(&answer)
        .map_err(|error| Failure::Broken(format!("the hub's answer is not understood: {error}")))?;
    // Relaxed: the stream that counted them has ended.
    let refused = made.refused + too_long.load(Ordering::Relaxed);
    if refused == 0 {
        return Ok(());
    }
    for refusal in &made.refusals {
        let _ = writeln!(io::stderr(), "slotway: line {}: {}", refusal.line, refusal.detail);
    }
    let published = made.published;
    Err(Failure::Refused(format!("{published} events were published and {refused} refused")))
}

/// Standard input, line by line.
struct Lines {
    input: BufReader<tokio::io::Stdin>,
    number: u64,
    too_long: Arc<AtomicU64>,
    args: EmitArgs,
}

impl Lines {
    /// What is there, once there is a line: lines that come slowly go out one by one, and
    /// those that come at once together.
    async fn piece(&mut self) -> Option<Bytes> {
        let mut piece = BytesMut::new();
        loop {
            let mut line = Vec::new();
            let most = LINE_BYTES_MAX as u64;
            let read = (&mut self.input).take(most).read_until(b'\n', &mut line).await;
            if read.is_err() || line.is_empty() {
                return (!piece.is_empty()).then(|| piece.freeze());
            }
            self.number += 1;
            if line.len() == LINE_BYTES_MAX && !line.ends_with(b"\n") {
                self.skip_line().await;
                // An empty line, so that the hub counts as we do.
                piece.extend_from_slice(b"\n");
            } else {
                self.encode(&line, &mut piece);
            }
            let more_is_there = self.input.buffer().contains(&b'\n');
            if !more_is_there || piece.len() >= PIECE_BYTES {
                return Some(piece.freeze());
            }
        }
    }

    /// The rest of a line that is no event's.
    async fn skip_line(&mut self) {
        let _ = writeln!(
            io::stderr(),
            "slotway: line {}: longer than {LINE_BYTES_MAX} bytes; it is left out",
            self.number
        );
        // Relaxed: read when the stream has ended.
        self.too_long.fetch_add(1, Ordering::Relaxed);
        let mut rest = Vec::new();
        loop {
            rest.clear();
            let read =
                (&mut self.input).take(PIECE_BYTES as u64).read_until(b'\n', &mut rest).await;
            if read.is_err() || rest.is_empty() || rest.ends_with(b"\n") {
                return;
            }
        }
    }

    fn encode(&self, line: &[u8], piece: &mut BytesMut) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if self.args.events {
            piece.extend_from_slice(line);
        } else {
            let event = Line {
                topic: self.args.topic.as_deref().unwrap_or_default(),
                data: &String::from_utf8_lossy(line),
                kind: self.args.kind.as_deref(),
                principal: self.args.principal.as_deref(),
                must_deliver: self.args.must_deliver,
            };
            // A struct of strings always serialises.
            piece.extend_from_slice(&serde_json::to_vec(&event).unwrap_or_default());
        }
        piece.extend_from_slice(b"\n");
    }
}

fn unreadable(error: io::Error) -> Failure {
    Failure::Broken(format!("standard input cannot be read: {error}"))
}
