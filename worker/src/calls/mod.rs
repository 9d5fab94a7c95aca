//! Activities: those in this worker's hands, and calling those that other workers do, through the region's outbox and inbox.

mod activity;
mod call;
mod caller;
mod reply;

pub use activity::Activity;
pub use call::Call;
pub use caller::{Caller, Calling};
pub use reply::{CallEnd, Reply};
