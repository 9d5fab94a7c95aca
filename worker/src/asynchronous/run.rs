//! The task that listens.

use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;

use super::Handler;
use super::serve::serve;
use super::wakers::Wakers;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::registration::Registration;
use crate::worker::{Handle, Handlers};

/// An asynchronous worker that serves. Dropping it closes the connection at once.
#[derive(Debug)]
pub struct AsyncRunning {
    connection: Arc<Connection>,
    listener: Option<JoinHandle<()>>,
}

impl AsyncRunning {
    pub(super) fn launch(
        options: Options,
        registrations: Vec<Registration>,
        handlers: Handlers<Handler>,
    ) -> Result<AsyncRunning> {
        let connection = Arc::new(Connection::open_in_background(options, registrations)?);
        // SAFETY: the descriptor is the connection's own from its beginning to its end, and
        // what is registered keeps the connection.
        let fd = unsafe { AsyncFd::register_with_interest(connection.clone(), Interest::READABLE) }
            .map_err(|error| Error::io("listening to the connection's descriptor", error))?;
        let listener = Some(tokio::spawn(listen(fd, Arc::new(handlers))));
        Ok(AsyncRunning { connection, listener })
    }

    pub(super) async fn wait_live(&self) -> Result<()> {
        let connection = self.connection.clone();
        blocking(move || connection.wait_live()).await
    }

    /// What asks this worker to end, from anywhere.
    pub fn handle(&self) -> Handle {
        Handle::new(self.connection.clone())
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Drains and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the drain deadline passed with exchanges in flight; their
    /// tasks go on by themselves, and their answers go nowhere.
    pub async fn shutdown(self) -> Result<()> {
        self.connection.begin_shutdown();
        self.join().await
    }

    /// Waits until somebody else ends it.
    ///
    /// # Errors
    ///
    /// As for [`shutdown`](Self::shutdown); [`Error::Refused`] when the hub will not have
    /// this worker any more.
    pub async fn join(mut self) -> Result<()> {
        if let Some(listener) = self.listener.take() {
            // It ends with the connection.
            let _ = listener.await;
        }
        let connection = self.connection.clone();
        let drained = blocking(move || connection.wait_closed(None)).await?;
        if drained { Ok(()) } else { Err(Error::Timeout) }
    }
}

/// What only a thread can wait for.
async fn blocking<T: Send + 'static>(
    wait: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(wait).await {
        Ok(result) => result,
        // The runtime shuts down.
        Err(_) => Err(Error::Closed),
    }
}

impl Drop for AsyncRunning {
    fn drop(&mut self) {
        self.connection.begin_close();
    }
}

async fn listen(fd: AsyncFd<Arc<Connection>>, handlers: Arc<Handlers<Handler>>) {
    let wakers = Arc::new(Wakers::default());
    loop {
        let mut ready = match fd.readable().await {
            Ok(ready) => ready,
            Err(error) => return tracing::error!(%error, "listening to the hub"),
        };
        let connection = ready.get_inner();
        let ended = loop {
            match connection.try_next() {
                Ok(Some(exchange)) => {
                    tokio::spawn(serve(exchange, handlers.clone(), wakers.clone()));
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        connection.take_notices(|token| wakers.wake(token));
        if let Some(error) = ended {
            return tracing::debug!(%error, "the listener ends");
        }
        // What came after the last look made it ready anew, which this does not undo.
        ready.clear_ready();
    }
}
