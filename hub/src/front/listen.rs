//! The sockets on which HTTP is served: taken all together before anything is served.

mod endpoint;
mod passed;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, UnixListener};

use super::socket::Raw;
use crate::accept::Accept;
use crate::config::{Address, Listen};
use crate::control::{BoundSocket, ControlPath};
use crate::error::HubError;
pub use endpoint::Endpoint;

/// One listening socket and what is spoken on it.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    endpoint: Endpoint,
    pub(super) spoken: Arc<Listen>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    /// A path of ours, which is removed with it.
    Bound(BoundSocket),
    /// From the service manager, whose path it is.
    Unix(UnixListener),
}

/// Takes every address, or none.
pub(crate) async fn bind(listen: &[Listen]) -> Result<Vec<Listener>, HubError> {
    let mut listeners = Vec::new();
    for spoken in listen {
        let spoken = Arc::new(spoken.clone());
        for (socket, address) in take(&spoken).await? {
            let endpoint = Endpoint { address, tls: spoken.tls.is_some() };
            listeners.push(Listener { socket, endpoint, spoken: spoken.clone() });
        }
    }
    Ok(listeners)
}

/// The sockets of one address, each with where it turned out to be.
async fn take(spoken: &Listen) -> Result<Vec<(Socket, Address)>, HubError> {
    let wanted = &spoken.address;
    let failed = |source| HubError::Listen { address: wanted.clone(), source };
    match wanted {
        Address::Tcp(address) => {
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            Ok(vec![(Socket::Tcp(listener), Address::Tcp(address))])
        }
        Address::Unix(path) => {
            let bound = ControlPath::given(path.clone()).bind_public("HTTP", spoken.mode.0)?;
            Ok(vec![(Socket::Bound(bound), wanted.clone())])
        }
        Address::Passed(name) => {
            let taken = passed::take(name)
                .map_err(|problem| HubError::Passed { name: name.clone(), problem })?;
            taken.into_iter().map(|socket| adopt(socket, wanted).map_err(failed)).collect()
        }
    }
}

/// Makes a passed socket one of this runtime.
fn adopt(socket: passed::Passed, wanted: &Address) -> io::Result<(Socket, Address)> {
    match socket {
        passed::Passed::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            let address = Address::Tcp(listener.local_addr()?);
            Ok((Socket::Tcp(TcpListener::from_std(listener)?), address))
        }
        passed::Passed::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let path = listener.local_addr()?.as_pathname().map(PathBuf::from);
            let address = path.map_or_else(|| wanted.clone(), Address::Unix);
            Ok((Socket::Unix(UnixListener::from_std(listener)?), address))
        }
    }
}

impl Listener {
    /// Where it is.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Accept for Listener {
    /// With the client's address, if it has one.
    type Connection = (Raw, Option<SocketAddr>);

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>> {
        match &self.socket {
            Socket::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, peer)| {
                // An answer is written whole; waiting for more of it would only delay it.
                let _ = stream.set_nodelay(true);
                (Raw::tcp(stream), Some(peer))
            }),
            Socket::Bound(socket) => {
                Accept::poll_accept(socket, cx).map_ok(|stream| (Raw::unix(stream), None))
            }
            Socket::Unix(listener) => {
                Accept::poll_accept(listener, cx).map_ok(|stream| (Raw::unix(stream), None))
            }
        }
    }
}
