//! A hub as a whole: started, and shut down without losing what it has accepted.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::admin::Surface;
use crate::bus::Bus;
use crate::config::{Address, AdminSocket, Changes, Config};
use crate::control::{ControlPath, listen};
use crate::error::{HubError, SocketProblem};
use crate::events::Doors;
use crate::front::{Certificates, Endpoint};
use crate::phase::{Phase, PhaseSender, phases};
use crate::queues::{Candidates, Picker};
use crate::shared::Shared;
use crate::sse::{Farewell, Reason, Spread};
use crate::telemetry::Exporter;
use crate::{admin, delegated, front};

/// How long the end of everything may take once it was told to end.
const CLOSING: Duration = Duration::from_secs(1);

/// A running hub. Dropping it ends everything at once; [`shutdown`](Hub::shutdown) lets
/// what is in flight finish.
#[derive(Debug)]
pub struct Hub {
    endpoints: Vec<Endpoint>,
    certificates: Certificates,
    control: PathBuf,
    admin: Option<PathBuf>,
    admin_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    /// Connections of clients.
    front: PhaseSender,
    /// Connections of workers. They outlive the clients', whose answers they bring.
    workers: PhaseSender,
    /// The admin surface tells of the shutdown until it is through.
    surface: PhaseSender,
    tasks: Vec<JoinHandle<()>>,
}

impl Hub {
    /// Starts a hub inside the current tokio runtime. It listens when this returns.
    ///
    /// # Errors
    ///
    /// A configuration that cannot be, or an address or socket that cannot be had.
    pub async fn start(config: Config) -> Result<Hub, HubError> {
        config.check().map_err(|faults| HubError::Config(faults.to_string()))?;
        let control_path = config.control_path();

        // Everything is taken before anything is served.
        let (listeners, certificates) = front::bind(&config.listen).await?;
        let endpoints: Vec<_> = listeners.iter().map(|l| l.endpoint().clone()).collect();
        let control = control_path.bind("control")?;
        let_in(control.path(), &config)?;
        let surface_socket = match &config.admin.socket {
            AdminSocket::BesideControl => Some(control_path.beside("admin.sock").bind("admin")?),
            AdminSocket::Path(path) => Some(ControlPath::given(path.clone()).bind("admin")?),
            AdminSocket::Disabled => None,
        };
        let surface_tcp = admin::bind(&config.admin).await?;
        let admin_address = match &surface_tcp {
            Some((listener, _)) => {
                Some(listener.local_addr().map_err(|source| HubError::Runtime { source })?)
            }
            None => None,
        };

        let doors = Doors::read(&config).map_err(HubError::Config)?;
        let telemetry = Exporter::start(&config.telemetry).map_err(HubError::Config)?;
        let shared = Arc::new(Shared::new(config));
        shared.events.apply(doors);
        if let Some(exporter) = telemetry {
            let _ = shared.telemetry.set(Arc::new(exporter));
        }
        let (front, front_phases) = phases();
        let (workers, worker_phases) = phases();
        let (surface, surface_phases) = phases();
        let control_path = control.path().to_owned();
        let admin = surface_socket.as_ref().map(|socket| socket.path().to_owned());
        for endpoint in &endpoints {
            info!(address = %endpoint, control = %control_path.display(), "listening");
        }

        let tended = delegated::attend(shared.clone(), worker_phases.clone());
        let listened = listen(shared.clone(), control, worker_phases);
        let mut tasks = vec![tokio::spawn(listened), tokio::spawn(tended)];
        let room = Arc::new(Semaphore::new(shared.config().limits.connections));
        for listener in listeners {
            let (shared, room, phases) = (shared.clone(), room.clone(), front_phases.clone());
            tasks.push(tokio::spawn(front::serve(shared, listener, room, phases)));
        }
        drop(front_phases);
        if let Some(socket) = surface_socket {
            let (shared, phases) = (shared.clone(), surface_phases.clone());
            tasks.push(tokio::spawn(admin::serve(shared, Surface::Socket(socket), phases)));
        }
        if let Some((listener, token)) = surface_tcp {
            shared.admin_token.store(Some(Arc::new(token)));
            if let Some(address) = admin_address {
                info!(%address, "the admin surface listens");
            }
            let surface = Surface::Tcp(listener);
            tasks.push(tokio::spawn(admin::serve(shared.clone(), surface, surface_phases)));
        }
        let control = control_path;
        Ok(Hub {
            endpoints,
            certificates,
            control,
            admin,
            admin_address,
            shared,
            front,
            workers,
            surface,
            tasks,
        })
    }

    /// Follows another configuration from here on, as far as that goes without a restart:
    /// rules of routes, limits on requests, timeouts, certificates and whatever else a single
    /// request is judged by. Requests in flight go on by the one that they began with. What is
    /// taken when a hub starts stays, and is named in the answer.
    ///
    /// # Errors
    ///
    /// A configuration that cannot be, or a certificate or key of it; what was before stays.
    pub fn apply(&self, mut config: Config) -> Result<Changes, HubError> {
        config.check().map_err(|faults| HubError::Config(faults.to_string()))?;
        let changes = self.shared.config().lead_to(&mut config);
        let certificates = self.certificates.read(&config.listen)?;
        let doors = Doors::read(&config).map_err(HubError::Config)?;
        // Everything that may fail comes before anything that changes.
        if self.admin_address.is_some()
            && let Some(path) = &config.admin.token_file
        {
            let token = admin::Token::read(path).map_err(HubError::Config)?;
            self.shared.admin_token.store(Some(Arc::new(token)));
        }
        let_in(&self.control, &config)?;
        certificates.take();
        self.shared.apply(config, doors);
        Ok(changes)
    }

    /// Reads the certificates and keys of every listener anew. New connections get them;
    /// those that are open go on with what they have.
    ///
    /// # Errors
    ///
    /// A certificate or key that cannot be had or does not fit; all stay as they were.
    pub fn reload_certificates(&self) -> Result<(), HubError> {
        let fresh = self.certificates.read(&self.shared.config().listen)?;
        let count = fresh.take();
        info!(count, "certificates were read anew");
        Ok(())
    }

    /// Where HTTP is served, in the order of [`Config::listen`].
    pub fn addresses(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The first of [`addresses`](Hub::addresses) that is a TCP address.
    ///
    /// # Panics
    ///
    /// When the hub listens on Unix sockets only.
    pub fn address(&self) -> SocketAddr {
        let tcp = self.endpoints.iter().find_map(|endpoint| match endpoint.address {
            Address::Tcp(address) => Some(address),
            _ => None,
        });
        tcp.expect("a hub that listens on a TCP address")
    }

    /// What happens, for whoever wants to hear it or to tell.
    pub fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    /// What its tasks share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Lets the program choose which worker gets an activity of a task queue, once. `choice` gives a place in
    /// [`Candidates::workers`], or `None` to leave it to the hub. It runs on a thread of its
    /// own; one that panics, or takes longer than `budget`, is logged, and the hub chooses.
    ///
    /// # Errors
    ///
    /// There is a choice already, or the system refuses a thread.
    pub fn choose_workers<F>(&self, budget: Duration, choice: F) -> std::io::Result<()>
    where
        F: FnMut(&Candidates) -> Option<usize> + Send + 'static,
    {
        let picker = Picker::start(Box::new(choice), budget)?;
        let there = |_| std::io::Error::other("the hub has been given a choice of workers before");
        self.shared.picker.set(picker).map_err(there)
    }

    /// Where workers connect.
    pub fn control_path(&self) -> &Path {
        &self.control
    }

    /// Where the admin surface is served, if it is.
    pub fn admin_path(&self) -> Option<&Path> {
        self.admin.as_deref()
    }

    /// Where the admin surface is served over TCP, if it is.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Accepts nothing new, lets what is in flight finish within the grace time, says
    /// goodbye to the workers and removes the sockets.
    pub async fn shutdown(mut self) {
        self.shared.drain();
        self.front.set(Phase::Draining);
        self.workers.set(Phase::Draining);
        let (grace, from, window) = {
            let config = self.shared.config();
            (config.times.grace, config.events.retry, config.events.retry_spread)
        };
        // The hub's successor is not to meet thousands of clients at once.
        let retry = Some(Spread { from, window });
        self.shared.streams.shut_down(Farewell { reason: Reason::Shutdown, retry });
        if timeout(grace, self.front.all_gone()).await.is_err() {
            warn!(?grace, "requests were still in flight at the end of the grace time");
            self.front.set(Phase::Closed);
            let _ = timeout(CLOSING, self.front.all_gone()).await;
        }
        self.workers.set(Phase::Closed);
        if timeout(CLOSING, self.workers.all_gone()).await.is_err() {
            warn!("workers did not take their goodbye");
        }
        if let Some(exporter) = self.shared.telemetry.get() {
            let _ = timeout(CLOSING, exporter.flush()).await;
        }
        // Workers could publish until now; who listens sees the end.
        self.shared.bus.shutdown();
        self.surface.set(Phase::Draining);
        let _ = timeout(CLOSING, self.surface.all_gone()).await;
        for task in &mut self.tasks {
            let _ = timeout(CLOSING, task).await;
        }
        info!("shut down");
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Lets the users that the configuration allows reach the control socket. Who it is that
/// connects is looked at then, before a byte is read; the file's mode alone would keep
/// everybody but the hub's own user out.
fn let_in(control: &Path, config: &Config) -> Result<(), HubError> {
    let mode = if config.control.allow_uids.is_empty() { 0o600 } else { 0o666 };
    fs::set_permissions(control, Permissions::from_mode(mode)).map_err(|source| HubError::Socket {
        what: "control",
        path: control.to_owned(),
        problem: SocketProblem::Io(source),
    })
}
