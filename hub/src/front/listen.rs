//! The sockets on which HTTP is served: taken all together before anything is served.

mod endpoint;
mod passed;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::socket::Raw;
use super::tls::{self, Certificates};
use crate::accept::Accept;
use crate::config::{Address, HttpVersions, Listen};
use crate::control::{BoundSocket, ControlPath};
use crate::error::HubError;
pub use endpoint::Endpoint;

/// One listening socket and what is spoken on it.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    endpoint: Endpoint,
    pub(super) spoken: Arc<Spoken>,
}

/// What is spoken on a listener.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) http: HttpVersions,
    pub(super) proxy_protocol: bool,
    pub(super) tls: Option<Arc<tls::Server>>,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    /// A path of ours, which is removed with it.
    Bound(BoundSocket),
    /// From the service manager, whose path it is.
    Unix(UnixListener),
}

/// Takes every address, or none. With the certificates of all that speak TLS.
pub(crate) async fn bind(listen: &[Listen]) -> Result<(Vec<Listener>, Certificates), HubError> {
    let server = |l: &Listen| -> Result<_, HubError> {
        l.tls.as_ref().map(|tls| tls::Server::new(tls, l.http).map(Arc::new)).transpose()
    };
    let servers = listen.iter().map(server).collect::<Result<Vec<_>, _>>()?;
    let mut listeners = Vec::new();
    for (wanted, tls) in listen.iter().zip(&servers) {
        let (http, proxy_protocol) = (wanted.http, wanted.proxy_protocol);
        let spoken = Arc::new(Spoken { http, proxy_protocol, tls: tls.clone() });
        for (socket, address) in take(wanted).await? {
            let endpoint = Endpoint { address, tls: tls.is_some() };
            listeners.push(Listener { socket, endpoint, spoken: spoken.clone() });
        }
    }
    Ok((listeners, Certificates::new(servers)))
}

/// Connections that the kernel keeps until the hub takes them. With the usual 128 a burst of
/// clients, or a moment without descriptors, makes the kernel drop what comes then, and
/// those clients try again after one second, three, seven, and so on. The kernel takes the
/// smaller of this and `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

fn listening(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A hub that begins again does not wait for its predecessor's last connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The sockets of one address, each with where it turned out to be.
async fn take(listen: &Listen) -> Result<Vec<(Socket, Address)>, HubError> {
    let wanted = &listen.address;
    let failed = |source| HubError::Listen { address: wanted.clone(), source };
    match wanted {
        Address::Tcp(address) => {
            let listener = listening(*address).map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            Ok(vec![(Socket::Tcp(listener), Address::Tcp(address))])
        }
        Address::Unix(path) => {
            let bound = ControlPath::given(path.clone()).bind_public("HTTP", listen.mode.0)?;
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
