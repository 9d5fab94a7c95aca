//! SIGTERM and SIGINT.

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

use crate::error::{Error, Result};

/// The signals that ask a process to end, caught. Dropping it gives them back to whoever
/// had them.
#[derive(Debug)]
pub(crate) struct Signals {
    ids: Vec<SigId>,
    receiver: UnixStream,
    thread: Option<JoinHandle<()>>,
}

fn failed(error: io::Error) -> Error {
    Error::io("listening for signals", error)
}

impl Signals {
    /// Catches them from here on, and keeps them for [`listen`](Self::listen).
    pub(crate) fn catch() -> Result<Signals> {
        let (receiver, sender) = UnixStream::pair().map_err(failed)?;
        let mut signals = Signals { ids: Vec::new(), receiver, thread: None };
        for signal in [SIGTERM, SIGINT] {
            let sender = sender.try_clone().map_err(failed)?;
            signals.ids.push(pipe::register(signal, sender).map_err(failed)?);
        }
        Ok(signals)
    }

    /// Calls `heard` for each signal, on a thread of its own, with how many there were.
    pub(crate) fn listen(&mut self, heard: impl Fn(u32) + Send + 'static) -> Result<()> {
        let mut receiver = self.receiver.try_clone().map_err(failed)?;
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
        self.thread = Some(builder.spawn(listen).map_err(failed)?);
        Ok(())
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            unregister(id);
        }
        let _ = self.receiver.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
