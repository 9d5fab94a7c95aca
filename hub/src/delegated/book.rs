//! Who is where: names, their paths, the clients of each, and the workers that know them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::client::{Client, Heard, Owner, OwnerKey, Path, PathPlace, owner_key};
use super::counts::AllCounts;
use super::guest::Connecting;
use super::head::Head;
use super::ids::Ids;
use super::path::{Key, key};
use super::tell::{Teller, Untold};
use crate::config::Config;
use crate::instance::Registration;
use crate::registry::Place;
use crate::routing::HostPattern;
use crate::sse::{Farewell, Settings, Streams};

/// Every client of every name.
pub(crate) struct Book {
    state: Mutex<State>,
    ids: Ids,
    teller: Teller,
    untold: Mutex<Option<UnboundedReceiver<Untold>>>,
    /// Calls whoever looks after clients without a worker.
    call: Notify,
    /// Counts those looks.
    looks: watch::Sender<u64>,
    pub(crate) counts: AllCounts,
}

#[derive(Default)]
struct State {
    clients: HashMap<u64, Weak<Client>>,
    names: HashMap<Arc<str>, Name>,
}

/// What one name has.
#[derive(Default)]
struct Name {
    /// One for each host pattern, mostly one.
    paths: HashMap<Key, Vec<Guests>>,
    owners: HashMap<OwnerKey, Owned>,
    /// Clients whose worker is gone, and since when.
    orphans: HashMap<u64, Instant>,
    /// Somebody looks after them.
    tended: bool,
}

struct Owned {
    owner: Arc<Owner>,
    clients: HashSet<u64>,
}

/// A path and its clients.
pub(super) struct Guests {
    pub(super) path: Arc<Path>,
    pub(super) clients: usize,
    /// Its clients are told to go; the next one begins it anew.
    pub(super) closing: bool,
}

/// There are as many clients as there may be; holds how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) usize);

/// A path, for people.
#[derive(Debug)]
pub(crate) struct Shown<'p> {
    pub(crate) name: &'p Arc<str>,
    pub(crate) host: Option<&'p HostPattern>,
    pub(crate) path: &'p Arc<str>,
    pub(crate) pattern: &'p str,
    pub(crate) clients: usize,
}

/// A client without a worker.
#[derive(Debug)]
pub(super) struct Orphan {
    pub(super) client: Arc<Client>,
    pub(super) since: Instant,
}

impl Book {
    pub(crate) fn new() -> Arc<Book> {
        let (teller, untold) = Teller::new();
        Arc::new(Book {
            state: Mutex::default(),
            ids: Ids::new(),
            teller,
            untold: Mutex::new(Some(untold)),
            call: Notify::new(),
            looks: watch::Sender::new(0),
            counts: AllCounts::default(),
        })
    }

    /// A client wants what a route's worker pushes to its path. It is there from here on.
    pub(crate) fn connect(
        self: &Arc<Self>,
        place: &Place,
        values: Box<[Box<[u8]>]>,
        head: Head,
        config: &Config,
        streams: &Streams,
    ) -> Result<Connecting, TooMany> {
        let mut state = self.lock();
        let most = config.delegated.clients;
        if state.clients.len() >= most || self.teller.waiting() >= most {
            return Err(TooMany(most));
        }
        let name = place.registration.service.name();
        let name = match state.names.get_key_value(name) {
            Some((name, _)) => name.clone(),
            None => Arc::from(name),
        };
        let of_name = state.names.entry(name.clone()).or_default();
        let owner = of_name.owner(&place.registration);
        let route = place.route();
        let path_place = PathPlace {
            host: route.host.clone(),
            key: key(&head.path),
            text: (&*head.path).into(),
            pattern: route.pattern.clone(),
            values,
        };
        let path = of_name.path(path_place, |path_place| {
            let settings = Settings {
                bytes: config.delegated.bytes,
                keep_alive: config.events.keep_alive,
                counts: streams.counts.workers.clone(),
            };
            let (feed, counts) = (streams.start(settings, 0), self.counts.of(&name));
            Path::new(name.clone(), path_place, feed, counts, self.teller.clone())
        });
        let seat = path.feed().join();
        let heard = Heard { owner, route: place.route };
        let client = Arc::new(Client::new(self.ids.next(), path, seat.ticket(), head));
        state.clients.insert(client.id(), Arc::downgrade(&client));
        drop(state);
        client.path.counts.came();
        Ok(Connecting::new(client, heard, seat, self.clone()))
    }

    /// Who stands for a registration that has clients, or is about to.
    pub(super) fn owner(&self, name: &str, registration: &Arc<Registration>) -> Arc<Owner> {
        match self.lock().names.get(name) {
            Some(name) => name.owner(registration),
            None => Owner::new(registration.clone()),
        }
    }

    /// Its worker has taken it.
    pub(super) fn accept(&self, client: &Client) {
        client.path.counts.connected.add_one();
        let mut state = self.lock();
        if state.belongs(client) == Standing::Orphan {
            drop(state);
            self.call();
        }
    }

    /// Another worker has taken it: `false` when that one is gone as well.
    pub(super) fn adopt(&self, client: &Client) -> bool {
        match self.lock().belongs(client) {
            Standing::Owned => {
                client.path.counts.moved.add_one();
                true
            }
            Standing::Gone => true,
            Standing::Orphan => false,
        }
    }

    /// Nobody looks for a worker for it any more: it ends.
    pub(super) fn give_up(&self, client: &Client, farewell: Farewell) {
        if let Some(name) = self.lock().names.get_mut(&client.path.name) {
            name.orphans.remove(&client.id());
        }
        client.path.counts.lost.add_one();
        client.end(farewell);
    }

    /// It is gone.
    pub(super) fn leave(&self, client: &Client) {
        let mut state = self.lock();
        if state.clients.remove(&client.id()).is_none() {
            return;
        }
        client.path.counts.left();
        let Entry::Occupied(mut name) = state.names.entry(client.path.name.clone()) else { return };
        let emptied = name.get_mut().leave(client);
        if name.get().is_empty() {
            name.remove();
        }
        drop(state);
        // Its feed ends here, not under the lock.
        drop(emptied);
    }

    /// Looks for clients whose worker is gone. Gives the names of those that nobody looks
    /// after; who calls does from here on.
    pub(super) fn look(&self) -> Vec<Arc<str>> {
        let now = Instant::now();
        let mut untended = Vec::new();
        let mut state = self.lock();
        for (text, name) in &mut state.names {
            let gone = name.owners.extract_if(|_, owned| !owned.owner.is_live());
            let orphans: Vec<u64> = gone.flat_map(|(_, owned)| owned.clients).collect();
            for id in orphans {
                name.orphans.entry(id).or_insert(now);
            }
            if !name.orphans.is_empty() && !name.tended {
                name.tended = true;
                untended.push(text.clone());
            }
        }
        drop(state);
        self.looks.send_modify(|looks| *looks += 1);
        untended
    }

    /// Counts the looks: who waits for a worker waits for the next one.
    pub(super) fn looks(&self) -> watch::Receiver<u64> {
        self.looks.subscribe()
    }

    /// A name's clients without a worker. None: nobody looks after them from here on.
    pub(super) fn orphans(&self, name: &str) -> Vec<Orphan> {
        let mut state = self.lock();
        let State { clients, names, .. } = &mut *state;
        let Some(of_name) = names.get_mut(name) else { return Vec::new() };
        of_name.orphans.retain(|id, _| clients.contains_key(id));
        let found = of_name.orphans.iter().filter_map(|(id, &since)| {
            let client = clients.get(id)?.upgrade()?;
            Some(Orphan { client, since })
        });
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            of_name.tended = false;
            if of_name.is_empty() {
                names.remove(name);
            }
        }
        found
    }

    /// Whether somebody has or had the number.
    pub(super) fn was_given(&self, id: u64) -> bool {
        self.ids.was_given(id)
    }

    /// The client of that number.
    pub(super) fn client(&self, id: u64) -> Option<Arc<Client>> {
        self.lock().clients.get(&id)?.upgrade()
    }

    /// Shows the paths of a name, or of every name, to `each`.
    pub(super) fn paths(
        &self,
        name: Option<&str>,
        key: Option<&Key>,
        mut each: impl FnMut(&mut Guests),
    ) {
        let mut state = self.lock();
        let names = &mut state.names;
        let shown: Box<dyn Iterator<Item = &mut Name>> = match name {
            Some(name) => Box::new(names.get_mut(name).into_iter()),
            None => Box::new(names.values_mut()),
        };
        for of_name in shown {
            match key {
                Some(key) => of_name.paths.get_mut(key).into_iter().flatten().for_each(&mut each),
                None => of_name.paths.values_mut().flatten().for_each(&mut each),
            }
        }
    }

    /// Ends a path's streams behind everything that was pushed there. Its next client begins
    /// it anew.
    pub(super) fn close(&self, path: &Arc<Path>, farewell: Farewell) {
        let mut state = self.lock();
        let here = state.names.get_mut(&path.name).and_then(|name| name.paths.get_mut(&path.key));
        for guests in here.into_iter().flatten() {
            if Arc::ptr_eq(&guests.path, path) {
                guests.closing = true;
            }
        }
        drop(state);
        path.feed().close(farewell);
    }

    /// Clients that are there.
    pub(crate) fn clients(&self) -> usize {
        self.lock().clients.len()
    }

    /// Departures that workers were not told of yet.
    pub(crate) fn untold(&self) -> usize {
        self.teller.waiting()
    }

    /// Clients that wait for a worker, by name.
    pub(crate) fn waiting(&self) -> HashMap<Arc<str>, usize> {
        let state = self.lock();
        let names = state.names.iter().filter(|(_, name)| !name.orphans.is_empty());
        names.map(|(text, name)| (text.clone(), name.orphans.len())).collect()
    }

    /// Shows every path to `each`.
    pub(crate) fn shown(&self, mut each: impl FnMut(Shown<'_>)) {
        self.paths(None, None, |guests| {
            let Guests { path, clients, .. } = guests;
            let (name, text) = (&path.name, &path.text);
            let (host, pattern) = (path.host.as_ref(), path.pattern.text());
            each(Shown { name, host, path: text, pattern, clients: *clients });
        });
    }

    pub(super) fn teller(&self) -> &Teller {
        &self.teller
    }

    /// Clients that are gone and whose workers are to be told; once.
    pub(super) fn take_untold(&self) -> Option<UnboundedReceiver<Untold>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn call(&self) {
        self.call.notify_one();
    }

    /// Completes when there may be clients without a worker.
    pub(super) async fn called(&self) {
        self.call.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has become of a client that a worker took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Owned,
    /// The worker is gone meanwhile.
    Orphan,
    /// The client is.
    Gone,
}

impl State {
    /// Counts a client to the worker that has heard of it.
    fn belongs(&mut self, client: &Client) -> Standing {
        let id = client.id();
        let Some(name) = self.names.get_mut(&client.path.name) else { return Standing::Gone };
        if !self.clients.contains_key(&id) {
            return Standing::Gone;
        }
        // A worker goes before its clients are looked for, under this lock: either it is seen
        // here that it is gone, or the client is found there.
        let live = client.heard().filter(|heard| heard.owner.is_live());
        let Some(Heard { owner, .. }) = live else {
            name.orphans.entry(id).or_insert_with(Instant::now);
            return Standing::Orphan;
        };
        name.orphans.remove(&id);
        let owned = name.owners.entry(owner.key());
        let owned = owned.or_insert_with(|| Owned { owner, clients: HashSet::new() });
        owned.clients.insert(id);
        Standing::Owned
    }
}

impl Name {
    /// Who has a registration's clients.
    fn owner(&self, registration: &Arc<Registration>) -> Arc<Owner> {
        match self.owners.get(&owner_key(registration)) {
            Some(owned) => owned.owner.clone(),
            None => Owner::new(registration.clone()),
        }
    }

    /// The path, one client more.
    fn path(&mut self, place: PathPlace, make: impl FnOnce(PathPlace) -> Path) -> Arc<Path> {
        let here = self.paths.entry(place.key.clone()).or_default();
        let open = |guests: &&mut Guests| guests.path.host == place.host && !guests.closing;
        if let Some(guests) = here.iter_mut().find(open) {
            guests.clients += 1;
            return guests.path.clone();
        }
        let path = Arc::new(make(place));
        here.push(Guests { path: path.clone(), clients: 1, closing: false });
        path
    }

    /// Forgets a client. Gives its path if it was the last there.
    fn leave(&mut self, client: &Client) -> Option<Guests> {
        self.orphans.remove(&client.id());
        if let Some(heard) = client.heard()
            && let Entry::Occupied(mut owned) = self.owners.entry(heard.owner.key())
        {
            owned.get_mut().clients.remove(&client.id());
            if owned.get().clients.is_empty() {
                owned.remove();
            }
        }
        let Entry::Occupied(mut here) = self.paths.entry(client.path.key.clone()) else {
            return None;
        };
        let at = here.get().iter().position(|guests| Arc::ptr_eq(&guests.path, &client.path))?;
        let guests = &mut here.get_mut()[at];
        guests.clients -= 1;
        if guests.clients > 0 {
            return None;
        }
        let emptied = here.get_mut().remove(at);
        if here.get().is_empty() {
            here.remove();
        }
        Some(emptied)
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.tended
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.lock().clients.len();
        f.debug_struct("Book").field("clients", &clients).finish_non_exhaustive()
    }
}
