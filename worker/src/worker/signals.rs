//! SIGTERM and SIGINT.

use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

use crate::error::{Error, Result};

/// A thread that hears of the signals that ask a process to end. Dropping it gives the
/// signals back to whoever had them.
#[derive(Debug)]
pub(crate) struct Signals {
    ids: Vec<SigId>,
    end: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    /// Calls `heard` for each signal, with how many there were.
    pub(crate) fn listen(heard: impl Fn(u32) + Send + 'static) -> Result<Signals> {
        let failed = |error| Error::io("listening for signals", error);
        let (mut receiver, sender) = UnixStream::pair().map_err(failed)?;
        let end = receiver.try_clone().map_err(failed)?;
        let mut signals = Signals { ids: Vec::new(), end, thread: None };
        for signal in [SIGTERM, SIGINT] {
            let sender = sender.try_clone().map_err(failed)?;
            signals.ids.push(pipe::register(signal, sender).map_err(failed)?);
        }
        let listen = move || {
            let mut byte = [0];
            for count in 1.. {
                if !matches!(receiver.read(&mut byte), Ok(1)) {
                    return;
                }
                tracing::info!("a signal asks this worker to end");
                heard(count);
            }
        };
        let builder = std::thread::Builder::new().name("slotway-signals".to_owned());
        signals.thread = Some(builder.spawn(listen).map_err(failed)?);
        Ok(signals)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            unregister(id);
        }
        let _ = self.end.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
