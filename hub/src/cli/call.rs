//! `slotway call`: has an activity done by a worker that takes it.

use std::io::{self, Write};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use http_body_util::Full;
use slotway_core::control::{check_activity, check_queue};
use slotway_core::record::CALL_BYTES_MAX;
use tokio::io::{AsyncReadExt, stdin};

use super::surface::{Failure, Surface, pair, read, run as run_command, words_of};

/// The flags of `slotway call`.
#[derive(Debug, Args)]
pub(super) struct CallArgs {
    /// Queue, as in media/images.
    queue: String,

    /// Type of the activity, as in resize.
    activity: String,

    /// Payload. Without it, standard input is.
    payload: Option<String>,

    /// How long it may take in all: 5s, 250ms. Without it, the hub's default.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,

    /// How often it may be begun, when workers end with it or answer with a status of 500 and
    /// above. Only with --idempotent.
    #[arg(long, value_name = "N", requires = "idempotent")]
    attempts: Option<u16>,

    /// Pause before the second attempt, doubled before each further one.
    #[arg(long, value_name = "TIME", requires = "attempts")]
    backoff: Option<String>,

    /// To do it twice does no more than to do it once.
    #[arg(long)]
    idempotent: bool,

    /// Gives the outcome of an earlier call with the same key, if there was one.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Type of the payload, as in application/json.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    #[command(flatten)]
    surface: Surface,
}

/// Calls, and prints the answer's body. Exit code 0 is an answer with a status of success.
pub(super) fn run(args: CallArgs) -> ExitCode {
    run_command(async move { call(args).await })
}

async fn call(args: CallArgs) -> Result<(), Failure> {
    let refused = |words: String| Failure::Refused(words);
    let CallArgs { queue, activity, .. } = &args;
    check_queue(queue).map_err(|error| refused(format!("the queue {queue:?} {error}")))?;
    check_activity(activity)
        .map_err(|error| refused(format!("the activity {activity:?} {error}")))?;
    let mut target = format!("/queues/{queue}/{activity}");
    let attempts = args.attempts.map(|attempts| attempts.to_string());
    for (name, value) in [
        ("timeout", args.timeout.as_deref()),
        ("attempts", attempts.as_deref()),
        ("backoff", args.backoff.as_deref()),
        ("idempotent", args.idempotent.then_some("true")),
    ] {
        if let Some(value) = value {
            pair(&mut target, name, value);
        }
    }
    let mut request = Request::builder().method(Method::POST).uri(target);
    for (name, value) in [
        (CONTENT_TYPE.as_str(), args.content_type.as_deref()),
        ("idempotency-key", args.key.as_deref()),
    ] {
        if let Some(value) = value {
            let value = HeaderValue::from_str(value)
                .map_err(|_| refused(format!("{name} {value:?} is not visible ASCII")))?;
            request = request.header(name, value);
        }
    }
    let payload = match args.payload {
        Some(payload) => Bytes::from(payload),
        None => {
            let mut payload = Vec::new();
            // One byte more than may be, so that the hub says that it is too much.
            let most = CALL_BYTES_MAX as u64 + 1;
            stdin()
                .take(most)
                .read_to_end(&mut payload)
                .await
                .map_err(|error| refused(format!("standard input cannot be read: {error}")))?;
            payload.into()
        }
    };
    let answer = args.surface.send_request(request, Full::new(payload)).await?;
    let (status, by_worker) = (answer.status(), answer.headers().contains_key("slotway-activity"));
    let body = read(answer).await?;
    if !by_worker {
        return Err(Failure::Refused(words_of(status, &body)));
    }
    let mut out = io::stdout();
    out.write_all(&body)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Broken(format!("standard output cannot be written: {error}")))?;
    if status.is_success() {
        Ok(())
    } else {
        Err(Failure::Refused(format!("the worker answered {status}")))
    }
}
