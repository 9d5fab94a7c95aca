//! A new worker for clients whose own is gone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{info, warn};

use super::Word;
use super::ask::{Asked, Subject, ask};
use super::book::Orphan;
use crate::shared::Shared;
use crate::sse::{Farewell, Reason};

/// How many clients of a name a worker hears of at a time.
const AT_A_TIME: usize = 64;
/// The pause after an attempt that came to nothing for reasons that pass.
const PAUSE: Duration = Duration::from_millis(20);

/// What came of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rehomed {
    /// It has a worker, or has left, or was refused.
    Settled,
    /// Nobody is there for it.
    Nowhere,
    /// The worker went, or had no room.
    Again,
}

/// Looks after a name's clients until each of them has a worker or its time is up.
pub(super) async fn rehome(shared: Arc<Shared>, name: Arc<str>) {
    let mut looks = shared.delegated.looks();
    loop {
        // What changes from here on is a reason to look again.
        looks.borrow_and_update();
        let orphans = shared.delegated.orphans(&name);
        if orphans.is_empty() || shared.is_draining() {
            return;
        }
        let count = orphans.len();
        let mut rehomed =
            stream::iter(orphans).map(|orphan| one(&shared, orphan)).buffer_unordered(AT_A_TIME);
        let (mut settled, mut again, mut next) = (0, false, None::<Instant>);
        while let Some((what, until)) = rehomed.next().await {
            match what {
                Rehomed::Settled => {
                    settled += 1;
                    continue;
                }
                Rehomed::Again => again = true,
                Rehomed::Nowhere => {}
            }
            next = Some(next.map_or(until, |next| next.min(until)));
        }
        if settled > 0 {
            info!(name = &*name, settled, of = count, "clients were told to another worker");
        }
        let Some(mut until) = next else { continue };
        if again {
            until = until.min(Instant::now() + PAUSE);
            sleep_until(until).await;
            continue;
        }
        // The book is there for as long as the hub.
        let _ = timeout_at(until, looks.changed()).await;
    }
}

/// Sees to one client. Gives the end of its time as well.
async fn one(shared: &Shared, orphan: Orphan) -> (Rehomed, Instant) {
    let Orphan { client, since } = orphan;
    let grace = shared.config().delegated.grace;
    let until = since.checked_add(grace).unwrap_or_else(|| since + Duration::from_secs(86_400));
    let give_up = |reason| {
        shared.delegated.give_up(&client, Farewell::new(reason));
        Rehomed::Settled
    };
    let subject =
        Subject { id: client.id(), head: &client.head, path: &client.path, client: Some(&client) };
    let asked = ask(shared, Word::Reconnect, &subject, None).await;
    let rehomed = match asked {
        Asked::Answered(200..300) if shared.delegated.adopt(&client) => Rehomed::Settled,
        Asked::Answered(200..300) => Rehomed::Again,
        Asked::Answered(_) => {
            client.unheard();
            give_up(Reason::Refused)
        }
        Asked::Late => {
            let (name, connection) = (&*client.path.name, client.id());
            warn!(name, connection, "a worker did not say whether it takes a client over");
            // What it may still say of it counts no more; it hears that the client is gone.
            give_up(Reason::Gone)
        }
        Asked::Unseen | Asked::Lost => {
            client.unheard();
            Rehomed::Again
        }
        Asked::NoSlot => Rehomed::Again,
        Asked::Nowhere => Rehomed::Nowhere,
    };
    let rehomed = match rehomed {
        Rehomed::Settled => Rehomed::Settled,
        _ if Instant::now() >= until => give_up(Reason::Gone),
        other => other,
    };
    (rehomed, until)
}
