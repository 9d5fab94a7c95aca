//! What a worker offers: names, methods, patterns. Checked here by the hub's rules, so
//! that a mistake shows before anything is connected.

use slotway_core::control::{
    HostPattern, Pattern, QueueOffer, Register, Route, check_activity, check_method, check_name,
    check_queue, check_segment,
};

use crate::error::{Error, Result};

/// One named set of routes. Instances that register the same name share its load.
///
/// A request's [`registration`](crate::Exchange::registration) is the index of the set in
/// the list that was registered, its [`route_index`](crate::Exchange::route_index) the
/// index of the route in the set.
///
/// ```
/// # use slotway::Registration;
/// let greeter = Registration::new("greeter").route("GET", "/hello/{name}").max_concurrent(8);
/// # let _ = greeter;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub(crate) name: String,
    pub(crate) instance: Option<String>,
    pub(crate) routes: Vec<Route>,
    pub(crate) queues: Vec<QueueOffer>,
    pub(crate) max_concurrent: Option<u32>,
    /// The host of the routes that follow.
    host: Option<String>,
}

impl Registration {
    /// A set without routes and queues. A name is 1 to 128 letters, digits, `.`, `_` or `-`.
    pub fn new(name: impl Into<String>) -> Registration {
        let (name, routes, queues) = (name.into(), Vec::new(), Vec::new());
        Registration { name, instance: None, routes, queues, max_concurrent: None, host: None }
    }

    /// Adds a route: an HTTP method, or `*` for every method that no other route of the
    /// pattern names; and a path in which `{name}` stands for one segment and a closing
    /// `{*name}` for the rest.
    #[must_use]
    pub fn route(mut self, method: &str, pattern: &str) -> Registration {
        self.push(method, pattern);
        self
    }

    /// Adds a route whose requests may be sent to a second worker when the first died
    /// with them.
    #[must_use]
    pub fn idempotent_route(mut self, method: &str, pattern: &str) -> Registration {
        self.push(method, pattern).idempotent = true;
        self
    }

    /// Adds a route whose clients stay with the hub for the events that this worker pushes.
    /// Its exchanges say in the header `slotway-sse` what has happened: `connect`,
    /// `reconnect` or `disconnect`; see [`Stage`](crate::Stage).
    #[must_use]
    pub fn sse_route(mut self, pattern: &str) -> Registration {
        self.push("GET", pattern).sse = true;
        self
    }

    /// Takes activities of these types from a queue, `namespace/queue`: each of the two names 1
    /// to 128 letters, digits, `_` or `-`, a type the same with `.` allowed. An activity is an
    /// exchange like any other; its [`route_index`](crate::Exchange::route_index) counts on
    /// after the routes, through all activities in order. The answer is its outcome. Of each
    /// queue the worker has [`capacity`](Self::capacity) activities in hand at most.
    ///
    /// ```
    /// # use slotway::Registration;
    /// let resizer = Registration::new("resizer").queue("media/images", ["resize", "crop"]);
    /// assert_eq!(resizer.queues()[0].activities, ["resize", "crop"]);
    /// ```
    #[must_use]
    pub fn queue<A>(mut self, queue: impl Into<String>, activities: A) -> Registration
    where
        A: IntoIterator<Item: Into<String>>,
    {
        let (queue, activities) = (queue.into(), activities.into_iter().map(Into::into).collect());
        self.queues.push(QueueOffer { queue, activities, capacity: None });
        self
    }

    /// How many activities of the queue that was added last the worker has in hand at most.
    /// Without it [`max_concurrent`](Self::max_concurrent) is the limit.
    #[must_use]
    pub fn capacity(mut self, activities: u32) -> Registration {
        if let Some(queue) = self.queues.last_mut() {
            queue.capacity = Some(activities);
        }
        self
    }

    /// Limits the routes that follow to one host, `api.example`, or with `*.` in front to
    /// every host below a domain, `*.example`. Requests for a host go to its own routes
    /// first, then to those of the longest `*.`, then to those of every host.
    ///
    /// ```
    /// # use slotway::Registration;
    /// let site = Registration::new("site").route("GET", "/").host("api.example").route("GET", "/v1");
    /// assert_eq!(site.routes()[1].host.as_deref(), Some("api.example"));
    /// ```
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Registration {
        self.set_host(Some(host.into()));
        self
    }

    pub(crate) fn set_host(&mut self, host: Option<String>) {
        self.host = host;
    }

    pub(crate) fn push(&mut self, method: &str, pattern: &str) -> &mut Route {
        self.routes.push(Route { host: self.host.clone(), ..Route::new(method, pattern) });
        let last = self.routes.len() - 1;
        &mut self.routes[last]
    }

    /// Exchanges of this set in flight at most; the rest waits in the hub. Without it
    /// the region's slots are the limit.
    #[must_use]
    pub fn max_concurrent(mut self, exchanges: u32) -> Registration {
        self.max_concurrent = Some(exchanges);
        self
    }

    /// Says which of its name it is: 1 to 128 letters, digits, `_` or `-`. A connection may
    /// have several registrations of one name whose instances differ; they share its load.
    /// Name and instance are the identity, by which a hub may let registrations in.
    ///
    /// ```
    /// # use slotway::Registration;
    /// let resizer = Registration::new("media.resize").instance("a1").route("POST", "/resize");
    /// assert_eq!(resizer.identity(), "media.resize.a1");
    /// ```
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Registration {
        self.instance = Some(instance.into());
        self
    }

    /// The name and the instance with a dot between them; the name alone where the hub calls
    /// the instance by the connection's number.
    pub fn identity(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{}.{instance}", self.name),
            None => self.name.clone(),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queues in order.
    pub fn queues(&self) -> &[QueueOffer] {
        &self.queues
    }

    /// The routes in order.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn message(&self, id: u32) -> Register {
        Register {
            queues: self.queues.clone(),
            max_concurrent: self.max_concurrent,
            instance: self.instance.clone(),
            ..Register::new(id, &*self.name, self.routes.clone())
        }
    }

    /// Whether both are called the same, so that one connection cannot have both.
    pub(crate) fn is_same(&self, other: &Registration) -> bool {
        self.name == other.name && self.instance == other.instance
    }

    /// The error for a second one that is called the same.
    pub(crate) fn twice(&self) -> Error {
        Error::InvalidArgument(format!(
            "{:?} is registered twice; give the registrations different names or instances",
            self.identity()
        ))
    }

    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::InvalidArgument(what));
        if let Err(error) = check_name(&self.name) {
            return wrong(format!("the registration {:?} cannot be: {error}", self.name));
        }
        if let Some(Err(error)) = self.instance.as_deref().map(check_segment) {
            return wrong(format!("the instance {:?} of {:?}: {error}", self.instance, self.name));
        }
        if self.routes.is_empty() && self.queues.is_empty() {
            return wrong(format!("the registration {:?} has no route; add one", self.name));
        }
        self.check_queues()?;
        if self.max_concurrent == Some(0) {
            return wrong(format!(
                "the registration {:?} allows 0 exchanges at a time; allow at least 1",
                self.name
            ));
        }
        for (index, route) in self.routes.iter().enumerate() {
            if let Err(error) = check_method(&route.method) {
                return wrong(error.to_string());
            }
            if route.sse && route.method != "GET" {
                return wrong(format!(
                    "clients stay on {} {}, whose method has to be GET",
                    route.method, route.pattern
                ));
            }
            if let Err(error) = Pattern::parse(&route.pattern) {
                return wrong(format!("the pattern {:?} {error}", route.pattern));
            }
            if let Some(Err(error)) = route.host.as_deref().map(HostPattern::parse) {
                return wrong(error.to_string());
            }
            let same = |other: &Route| {
                other.method == route.method
                    && other.pattern == route.pattern
                    && other.host == route.host
            };
            if self.routes[..index].iter().any(same) {
                return wrong(format!(
                    "the registration {:?} has the route {} {} twice",
                    self.name, route.method, route.pattern
                ));
            }
        }
        Ok(())
    }
}

impl Registration {
    fn check_queues(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::InvalidArgument(what));
        for (index, offer) in self.queues.iter().enumerate() {
            let queue = &offer.queue;
            if let Err(error) = check_queue(queue) {
                return wrong(format!("the queue {queue:?} {error}"));
            }
            if offer.activities.is_empty() {
                return wrong(format!("of the queue {queue:?} no activity is taken; name one"));
            }
            if offer.capacity == Some(0) {
                return wrong(format!(
                    "of the queue {queue:?} 0 activities are taken at a time; take at least 1"
                ));
            }
            if self.queues[..index].iter().any(|other| other.queue == *queue) {
                return wrong(format!(
                    "the registration {:?} takes from {queue:?} twice; name all activities at once",
                    self.name
                ));
            }
            for (index, activity) in offer.activities.iter().enumerate() {
                if let Err(error) = check_activity(activity) {
                    return wrong(format!("the activity {activity:?} {error}"));
                }
                if offer.activities[..index].contains(activity) {
                    return wrong(format!("of the queue {queue:?} {activity:?} is taken twice"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
