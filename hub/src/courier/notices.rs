//! Short words for a worker: what was refused, and what became of its pushes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::inbox::{Load, send};
use crate::instance::Instance;

/// Words that wait at most; of more the oldest are lost. A worker that does not read is told
/// the latest when it does.
const WAITING_MAX: usize = 1024;

/// Words that wait for their turn in the inbox.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    words: VecDeque<Box<[u8]>>,
    /// A task brings them.
    brought: bool,
}

/// Says something to the worker, without waiting.
pub(super) fn post(instance: &Arc<Instance>, word: Box<[u8]>) {
    let notices = &instance.courier().notices;
    let mut waiting = notices.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.words.len() >= WAITING_MAX {
        waiting.words.pop_front();
    }
    waiting.words.push_back(word);
    if !waiting.brought && !instance.is_dead() {
        waiting.brought = true;
        tokio::spawn(bring(instance.clone()));
    }
}

/// Brings what waits, until nothing does or the worker is gone.
async fn bring(instance: Arc<Instance>) {
    while let Some(word) = next(&instance) {
        if send(&instance, Load::Record(&word)).await.is_err() {
            return;
        }
    }
}

fn next(instance: &Instance) -> Option<Box<[u8]>> {
    let notices = &instance.courier().notices;
    let mut waiting = notices.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let word = waiting.words.pop_front();
    waiting.brought = word.is_some();
    word
}
