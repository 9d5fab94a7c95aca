//! What the library has to say that no call can give: that the hub is away, for example.

use std::ffi::{c_char, c_void};
use std::io::Write;
use std::sync::{PoisonError, RwLock};

use sdk::log::{self, Level, Listener};

use crate::error::Fault;
use crate::status::slotway_status;

/// Nothing.
pub const SLOTWAY_LOG_OFF: u32 = 0;
/// What will not come right by itself.
pub const SLOTWAY_LOG_ERROR: u32 = 1;
/// What somebody may have to look into: the hub is away, a registration was refused.
pub const SLOTWAY_LOG_WARN: u32 = 2;
/// What a worker does: it connects, registers, drains.
pub const SLOTWAY_LOG_INFO: u32 = 3;
/// Everything else.
pub const SLOTWAY_LOG_DEBUG: u32 = 4;

/// Gets one line of the log, without an end of line. text lives during the call.
pub type slotway_log_callback =
    Option<unsafe extern "C" fn(level: u32, text: *const c_char, userdata: *mut c_void)>;

#[derive(Clone, Copy)]
struct Sink {
    level: u32,
    callback: slotway_log_callback,
    userdata: *mut c_void,
}

// SAFETY: the header's contract has the callback and what it is given work from any thread.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

/// Held shared while a line is given out: whoever changes it waits for those.
static SINK: RwLock<Sink> =
    RwLock::new(Sink { level: SLOTWAY_LOG_OFF, callback: None, userdata: std::ptr::null_mut() });

fn level_of(level: &Level) -> u32 {
    match *level {
        Level::ERROR => SLOTWAY_LOG_ERROR,
        Level::WARN => SLOTWAY_LOG_WARN,
        Level::INFO => SLOTWAY_LOG_INFO,
        _ => SLOTWAY_LOG_DEBUG,
    }
}

/// Looks up what is wanted each time.
struct Lines;

impl Listener for Lines {
    fn wants(&self, level: &Level) -> bool {
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        level_of(level) <= sink.level
    }

    fn hear(&self, level: &Level, line: String) {
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        match sink.callback {
            Some(callback) => {
                let text = seal(line);
                // SAFETY: the header's contract: it may be called from any thread until it is
                // changed, which the lock puts off. The text ends with NUL.
                unsafe { callback(level_of(level), text.as_ptr().cast(), sink.userdata) }
            }
            None => {
                // A standard error that is closed is nobody's concern.
                let _ = writeln!(std::io::stderr(), "slotway: {line}");
            }
        }
    }
}

/// With NUL at the end, and nowhere else.
fn seal(line: String) -> Vec<u8> {
    let mut text = line.into_bytes();
    text.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'?');
    text.push(0);
    text
}

/// Says where the log goes: what the library has to say that no call can give, such as that
/// the hub is away and when it tries again. For all workers of the process; off until then.
///
/// level is the least important that is wanted: SLOTWAY_LOG_OFF to SLOTWAY_LOG_DEBUG.
/// callback gets each line; NULL writes them to the standard error. It is called from
/// threads of the library and from those that call it, several at a time. It must not call
/// slotway_log, close a worker or a request, or throw.
///
/// Ownership: userdata stays yours. When this comes back the callback before is not running
/// any more and will not be called again.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (no such level), SLOTWAY_E_OUT_OF_ORDER (the program
/// is written in Rust and has a log of its own).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_log(
    level: u32,
    callback: slotway_log_callback,
    userdata: *mut c_void,
) -> slotway_status {
    export!([] => {
        if level > SLOTWAY_LOG_DEBUG {
            return Err(Fault::Argument(format!(
                "level is {level}; the levels are 0 (off) to {SLOTWAY_LOG_DEBUG} (debug)"
            )));
        }
        static INSTALLED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
        if !*INSTALLED.get_or_init(|| log::listen(Lines)) {
            return Err(Fault::Order("the program has set a log of its own; use that"));
        }
        let sink = Sink { level, callback, userdata };
        *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
        Ok(())
    })
}

#[cfg(test)]
mod tests;
