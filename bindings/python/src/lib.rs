//! The native part of the Python package `slotway`: a connection, its exchanges, events and calls.
//!
//! It is coarse and thin. A call into it costs some 30 ns, so there is one call for what
//! belongs together; and what can be said in Python is said there, in `python/slotway`.
//!
//! What keeps Python from seeing bytes that are not its own any more:
//!
//! - P1 The slot's memory is looked at by a thread that is attached to the interpreter and
//!   has found `Inner::closing` unset since it was.
//! - P2 `closing` is set by a thread that is attached, before anything that may end the
//!   exchange; and while a buffer over the slot is out, the exchange does not end.
//! - P3 While a thread looks at the slot's memory it makes only objects that the garbage
//!   collector does not know (str, bytes), so no finalizer can answer the exchange meanwhile.
//! - P4 A process that was forked leaves alone what its parent has in hand (`fork`).

mod answer;
mod body;
mod buffer;
mod calls;
mod connection;
mod convert;
mod environ;
mod error;
mod events;
mod exchange;
mod fork;
mod host;
mod inner;
mod interpreter;
mod keys;
mod log;
mod metrics;
mod options;
mod patience;
mod reader;
mod scope;
mod turns;

use pyo3::prelude::*;

/// The native part of slotway; use what the package `slotway` offers.
// P1 to P3 need the lock that an interpreter without one switches on for this.
#[pymodule(gil_used = true)]
mod _slotway {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::body::Body;
    #[pymodule_export]
    use crate::calls::{Calling, Calls, Reply};
    #[pymodule_export]
    use crate::connection::Core;
    #[pymodule_export]
    use crate::environ::fill_environ;
    #[pymodule_export]
    use crate::events::{Event, Gap, Publisher, PushAnswer, Pusher, Subscription};
    #[pymodule_export]
    use crate::exchange::Exchange;
    #[pymodule_export]
    use crate::scope::fill_scope;

    /// Once for each process that imports it.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::interpreter::only_main(module.py())?;
        crate::fork::register(module.py())
    }

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
