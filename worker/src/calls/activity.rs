//! An activity in a worker's hands.

use slotway_core::head::RequestHead;

use crate::error::Result;
use crate::exchange::RawExchange;
use crate::response::Response;

/// The header that says which activity it is.
const ID: &str = "slotway-activity";
/// The header that says for how many times it was begun.
const ATTEMPT: &str = "slotway-attempt";
/// The header that says that the worker cannot take it now.
const BUSY: &str = "slotway-busy";
/// The status of that answer.
const BUSY_STATUS: u16 = 503;

/// What an exchange says of the activity that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity<'a> {
    id: u64,
    attempt: u16,
    key: Option<&'a str>,
    /// `namespace/queue/activity`.
    path: &'a str,
}

impl<'a> Activity<'a> {
    /// The activity that a request is; `None` for any other request. For who has the
    /// request's head alone, [`RawExchange::head`](crate::RawExchange::head).
    pub fn of(head: &RequestHead<'a>) -> Option<Activity<'a>> {
        let text = |name: &str| std::str::from_utf8(head.header(name)?).ok();
        let id = text(ID)?.parse().ok()?;
        let attempt = text(ATTEMPT)?.parse().ok()?;
        let path = head.route().strip_prefix("/queues/")?;
        Some(Activity { id, attempt, key: text("idempotency-key"), path })
    }

    /// The hub's number for it: no two have the same while the hub runs.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// 1 when it was begun for the first time.
    pub fn attempt(&self) -> u16 {
        self.attempt
    }

    /// The key that its caller gave.
    pub fn key(&self) -> Option<&'a str> {
        self.key
    }

    /// `namespace/queue`.
    pub fn queue(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(queue, _)| queue)
    }

    /// Its type.
    pub fn kind(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(_, kind)| kind)
    }
}

/// Answering an activity.
impl Response {
    /// The worker cannot take the activity now: it goes to another one, or waits, and no
    /// attempt is counted.
    pub fn busy() -> Response {
        Response::new(BUSY_STATUS).header(BUSY, "1")
    }
}

/// The same, for bindings to other languages.
impl RawExchange {
    /// Answers as [`Response::busy`] does.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub fn busy(&self) -> Result<()> {
        self.respond(BUSY_STATUS, [(BUSY.as_bytes(), &b"1"[..])], b"")
    }
}
