//! The last words: to the worker, to the log, and for the record.

use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime};

use slotway_core::control::{HubMessage, Notice, RefusalCode};
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;
use tracing::{info, warn};

use super::link::Link;
use super::session::{End, Peer, readable};
use crate::departures::{Departure, Reason, end_of};
use crate::shared::Shared;

/// A process that is ending closes its sockets a moment before it has ended: so long a
/// closed connection may be the sign of it.
const MOMENT: Duration = Duration::from_millis(200);

/// Puts the end of a worker that had its region on record.
pub(super) async fn depart(
    shared: &Shared,
    peer: Peer,
    names: Vec<String>,
    exit: Option<AsyncFd<OwnedFd>>,
    end: &End,
) {
    let at = SystemTime::now();
    let pid = peer.pid.map(i32::cast_unsigned);
    let (reason, detail) = match end {
        End::Link(error) => match timeout(MOMENT, readable(exit.as_ref())).await {
            Ok(()) => end_of(pid),
            Err(_) => (Reason::Disconnected, error.to_string()),
        },
        End::Left => (Reason::Left, "the worker drained and closed the connection".to_owned()),
        End::Replaced => (Reason::Replaced, "a newer generation took over".to_owned()),
        End::Exited => end_of(pid),
        End::Violation(violation) => (Reason::Violation, violation.to_string()),
        End::Unresponsive(_) => (Reason::Unresponsive, unanswered(end)),
        End::Failed => (Reason::Failed, "the hub could not listen to the worker".to_owned()),
        End::Shutdown => (Reason::Shutdown, "the hub shut down".to_owned()),
        End::Refused(code, reason) => (Reason::Refused, format!("{code}: {reason}")),
    };
    let (worker, name) = (peer.id, reason.name());
    if reason.is_eviction() {
        warn!(worker, pid, ?names, reason = name, detail, "worker evicted");
    } else {
        let by_itself = !matches!(reason, Reason::Exited | Reason::Killed | Reason::Ended);
        let what = if by_itself { "worker disconnected" } else { "worker exited" };
        info!(worker, pid, ?names, reason = name, detail, "{what}");
    }
    if let (Reason::Unresponsive, Some(pid), Some(supervisor)) =
        (reason, pid, shared.supervisor.get())
    {
        supervisor.hangs(pid);
    }
    shared.departures.add(Departure { at, worker, pid, names, reason, detail });
}

fn unanswered(end: &End) -> String {
    match end {
        End::Unresponsive(1) => "the worker did not answer a probe in time".to_owned(),
        End::Unresponsive(misses) => {
            format!("the worker did not answer {misses} probes in a row in time")
        }
        _ => String::new(),
    }
}

/// Says why the connection ends, to a worker that can still hear it.
pub(super) async fn farewell(link: &mut Link, end: End) {
    // A word that cannot be delivered was said all the same.
    let _ = match end {
        End::Link(_) | End::Left | End::Replaced | End::Exited | End::Failed => Ok(()),
        End::Shutdown => {
            let reason = "the hub shuts down".to_owned();
            link.send(&HubMessage::Bye(Notice { reason })).await
        }
        End::Violation(_) => {
            let reason = "the worker wrote into its region what no correct worker writes";
            link.refuse(None, RefusalCode::Violation, reason.to_owned()).await
        }
        End::Unresponsive(_) => {
            let reason = format!("{}; connect again for a fresh region", unanswered(&end));
            link.refuse(None, RefusalCode::Unresponsive, reason).await
        }
        End::Refused(code, reason) => link.refuse(None, code, reason).await,
    };
}
