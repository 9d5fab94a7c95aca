//! What a registration has done and met, as Python sees it.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sdk::{Ending, RegistrationMetrics, RegistrationState};

/// By the names of `slotway.Metrics`.
pub(crate) fn described<'py>(
    py: Python<'py>,
    metrics: &RegistrationMetrics,
) -> PyResult<Bound<'py, PyDict>> {
    let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64());
    let (state, word) = state(&metrics.state);
    let ending = metrics.ending.as_ref();
    let described = PyDict::new(py);
    described.set_item("number", metrics.index)?;
    described.set_item("name", &metrics.name)?;
    described.set_item("instance", metrics.instance.as_deref())?;
    described.set_item("state", state)?;
    described.set_item("received", metrics.received)?;
    described.set_item("processed", metrics.processed)?;
    described.set_item("failed", metrics.failed)?;
    described.set_item("in_flight", metrics.in_flight)?;
    described.set_item("bytes_in", metrics.bytes_in)?;
    described.set_item("bytes_out", metrics.bytes_out)?;
    described.set_item("reconnects", metrics.reconnects)?;
    described.set_item("disconnects", metrics.disconnects)?;
    described.set_item("last_disconnect", metrics.last_disconnect.as_ref().map(Ending::name))?;
    described.set_item("backoff", seconds(metrics.backoff))?;
    described.set_item("heartbeat_rtt", seconds(metrics.heartbeat_rtt))?;
    described.set_item("ending", ending.map(Ending::name))?;
    described.set_item("reason", ending.map(Ending::to_string).or(word))?;
    Ok(described)
}

/// The state's stable name, and the hub's sentence where there is one.
fn state(state: &RegistrationState) -> (&'static str, Option<String>) {
    match state {
        RegistrationState::Pending => ("pending", None),
        RegistrationState::Waiting { reason } => ("waiting", Some(reason.clone())),
        RegistrationState::Live => ("live", None),
        RegistrationState::Withdrawing => ("withdrawing", None),
        RegistrationState::Refused { code, reason } => {
            ("refused", Some(format!("{reason} ({code})")))
        }
        other => ("other", Some(format!("{other:?}"))),
    }
}
