//! Activities: which one an exchange is, calling them, and what becomes of that.

mod caller;
mod calling;
mod given;
mod reply;

pub(crate) use caller::Calls;
pub(crate) use calling::Calling;
pub(crate) use reply::Reply;
