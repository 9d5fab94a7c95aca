//! The task that tells a collector.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};
use tracing::{info, warn};

use super::endpoint::Endpoint;
use super::{Counts, Span, otlp};
use crate::config::Telemetry;

/// Spans that wait at most.
const QUEUE_MAX: usize = 4096;
/// Spans that are told at once, at most.
const BATCH_MAX: usize = 512;
/// How long a span waits for others.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a collector's answer that are looked at.
const ANSWER_BYTES_MAX: usize = 64 << 10;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Takes spans and never waits.
#[derive(Debug)]
pub(crate) struct Exporter {
    queue: mpsc::Sender<Job>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
enum Job {
    Tell(Span),
    Flush(oneshot::Sender<()>),
}

impl Exporter {
    /// Starts the task, if there is an endpoint.
    ///
    /// # Errors
    ///
    /// A sentence about an endpoint that cannot be.
    pub(crate) fn start(config: &Telemetry) -> Result<Option<Exporter>, String> {
        let Some(endpoint) = &config.endpoint else { return Ok(None) };
        let endpoint = Endpoint::parse(endpoint)?;
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let counts = Arc::new(Counts::default());
        tokio::spawn(run(endpoint, jobs, counts.clone()));
        Ok(Some(Exporter { queue, counts }))
    }

    /// Tells a span, some time.
    pub(crate) fn send(&self, span: Span) {
        if self.queue.try_send(Job::Tell(span)).is_err() {
            self.counts.dropped.add_one();
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Waits until everything was told, or could not be.
    pub(crate) async fn flush(&self) {
        let (told, done) = oneshot::channel();
        if self.queue.send(Job::Flush(told)).await.is_ok() {
            let _ = done.await;
        }
    }
}

async fn run(endpoint: Endpoint, mut jobs: mpsc::Receiver<Job>, counts: Arc<Counts>) {
    let mut works = true;
    // Sleeps until there is a span; a hub without requests has nothing to do here.
    while let Some(first) = jobs.recv().await {
        let (spans, told) = collect(first, &mut jobs).await;
        if !spans.is_empty() {
            let count = spans.len() as u64;
            let told = timeout(PATIENCE, post(&endpoint, otlp::encode(spans))).await;
            let told = told.unwrap_or_else(|_| Err(format!("no answer in {PATIENCE:?}").into()));
            match told {
                Ok(()) => {
                    counts.sent.add(count);
                    if !works {
                        info!(endpoint = endpoint.authority, "the collector takes spans again");
                    }
                    works = true;
                }
                Err(error) => {
                    counts.failed.add(count);
                    // Once, until it works again.
                    if works {
                        let endpoint = &endpoint.authority;
                        warn!(endpoint, %error, "the collector takes no spans; they are dropped");
                    }
                    works = false;
                }
            }
        }
        if let Some(told) = told {
            let _ = told.send(());
        }
    }
}

/// What comes within a moment of the first, or until somebody waits for it.
async fn collect(
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
) -> (Vec<Span>, Option<oneshot::Sender<()>>) {
    let mut spans = Vec::new();
    let due = tokio::time::Instant::now() + PERIOD;
    let mut next = Some(first);
    loop {
        match next {
            Some(Job::Tell(span)) => spans.push(span),
            Some(Job::Flush(told)) => return (spans, Some(told)),
            None => return (spans, None),
        }
        if spans.len() >= BATCH_MAX {
            return (spans, None);
        }
        next = tokio::select! {
            job = jobs.recv() => job,
            () = sleep_until(due) => return (spans, None),
        };
    }
}

async fn post(endpoint: &Endpoint, body: Vec<u8>) -> Result<(), BoxError> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender.
    tokio::spawn(connection);
    let request = Request::post(&endpoint.path)
        .header(HOST, &endpoint.authority)
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(Full::new(Bytes::from(body)))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let answer = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    match status {
        StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT => {
            answer.map(drop).map_err(|error| format!("its answer broke off: {error}").into())
        }
        other => Err(format!("it answered {other}").into()),
    }
}
