//! What a worker gives to clients of streams that it owns.

use std::str::from_utf8;
use std::sync::Arc;

use slotway_core::record::{self, Pushed, Target};

use super::notices;
use crate::delegated::{self, NotPushed, Push, To};
use crate::instance::Instance;
use crate::shared::Shared;
use crate::sse::Message;

/// Pushes, and answers if the worker wants to hear of it.
pub(super) fn push(shared: &Shared, instance: &Arc<Instance>, asked: &record::Push<'_>) {
    let status = attempt(shared, instance, asked);
    if asked.ticket != 0 {
        let pushed = Pushed { ticket: asked.ticket, status };
        notices::post(instance, pushed.encode().into());
    }
}

/// What became of it, as an HTTP status.
fn attempt(shared: &Shared, instance: &Instance, asked: &record::Push<'_>) -> u16 {
    const BAD: u16 = 400;
    const UNKNOWN: u16 = 404;
    // Of another name's clients no worker hears, nor speaks to them.
    let Some(name) = instance.courier().name(asked.registration) else { return UNKNOWN };
    let mut params = Vec::new();
    let to = match asked.target {
        Target::Path(path) => To::Path(path),
        Target::Connection(id) => match id.parse() {
            Ok(id) => To::Connection(id),
            Err(_) => return BAD,
        },
        Target::Pattern { pattern, params: given } => {
            for (name, value) in given {
                let Ok(name) = from_utf8(name) else { return BAD };
                params.push((name, value));
            }
            To::Pattern(pattern, &params)
        }
    };
    let says_nothing = asked.kind.is_empty() && asked.id.is_empty() && asked.data.is_empty();
    let event = (!asked.close || !says_nothing).then(|| Message {
        id: Some(asked.id).filter(|id| !id.is_empty()),
        event: asked.kind,
        retry: None,
        data: asked.data,
    });
    let push = Push { name: Some(&name), to, event, close: asked.close };
    match delegated::push(&shared.delegated, &push, shared.config().delegated.bytes) {
        Ok(_) => 200,
        Err(NotPushed::Bad(_)) => BAD,
        Err(NotPushed::TooLarge(..)) => 413,
        Err(NotPushed::Unknown) => UNKNOWN,
        Err(NotPushed::Closing) => 410,
        Err(NotPushed::Full) => 429,
    }
}
