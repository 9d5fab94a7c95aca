//! Routes and activities and what answers them, in the order in which the hub numbers them.

use slotway_core::control::QueueOffer;

use crate::registration::Registration;

/// Handlers by registration and route.
pub(crate) type Handlers<H> = Vec<Vec<H>>;

/// What a worker offers.
pub(crate) struct Offer<H> {
    // As many as there are lists of handlers, and never none.
    registrations: Vec<Registration>,
    handlers: Handlers<H>,
    /// Of each registration, by queue.
    activities: Vec<Vec<Vec<H>>>,
}

impl<H> Offer<H> {
    pub(crate) fn new(name: impl Into<String>) -> Offer<H> {
        let registrations = vec![Registration::new(name)];
        Offer { registrations, handlers: vec![Vec::new()], activities: vec![Vec::new()] }
    }

    pub(crate) fn also(&mut self, name: impl Into<String>) {
        self.registrations.push(Registration::new(name));
        self.handlers.push(Vec::new());
        self.activities.push(Vec::new());
    }

    pub(crate) fn registrations(&self) -> &[Registration] {
        &self.registrations
    }

    fn last(&mut self) -> Option<(&mut Registration, &mut Vec<H>)> {
        self.registrations.last_mut().zip(self.handlers.last_mut())
    }

    pub(crate) fn max_concurrent(&mut self, exchanges: u32) {
        if let Some((registration, _)) = self.last() {
            registration.max_concurrent = Some(exchanges);
        }
    }

    pub(crate) fn instance(&mut self, instance: String) {
        if let Some((registration, _)) = self.last() {
            registration.instance = Some(instance);
        }
    }

    pub(crate) fn host(&mut self, host: String) {
        if let Some((registration, _)) = self.last() {
            registration.set_host(Some(host));
        }
    }

    pub(crate) fn idempotent(&mut self) {
        if let Some(route) =
            self.last().and_then(|(registration, _)| registration.routes.last_mut())
        {
            route.idempotent = true;
        }
    }

    pub(crate) fn route(&mut self, method: &str, pattern: &str, handler: H) {
        if let Some((registration, handlers)) = self.last() {
            registration.push(method, pattern);
            handlers.push(handler);
        }
    }

    pub(crate) fn sse_route(&mut self, pattern: &str, handler: H) {
        if let Some((registration, handlers)) = self.last() {
            registration.push("GET", pattern).sse = true;
            handlers.push(handler);
        }
    }

    /// Activities of one queue come together, so their handlers are put aside until the last.
    pub(crate) fn activity(&mut self, queue: &str, activity: &str, handler: H) {
        if let Some((registration, handlers)) = self.activities.last_mut().and_then(|handlers| {
            self.registrations.last_mut().map(|registration| (registration, handlers))
        }) {
            let queues = &mut registration.queues;
            let at = queues.iter().position(|known| known.queue == queue).unwrap_or_else(|| {
                let (queue, activities) = (queue.to_owned(), Vec::new());
                queues.push(QueueOffer { queue, activities, capacity: None });
                handlers.push(Vec::new());
                queues.len() - 1
            });
            queues[at].activities.push(activity.to_owned());
            handlers[at].push(handler);
        }
    }

    pub(crate) fn capacity(&mut self, queue: &str, activities: u32) {
        let queues = self.registrations.last_mut().map(|registration| &mut registration.queues);
        let known = queues.and_then(|queues| queues.iter_mut().find(|known| known.queue == queue));
        if let Some(known) = known {
            known.capacity = Some(activities);
        }
    }

    /// The registrations, and of each the handlers of its routes and then of its activities.
    pub(crate) fn into_parts(self) -> (Vec<Registration>, Handlers<H>) {
        let mut handlers = self.handlers;
        for (own, activities) in handlers.iter_mut().zip(self.activities) {
            own.extend(activities.into_iter().flatten());
        }
        (self.registrations, handlers)
    }
}

/// The handler of a request; `None` when the hub names a route that was not offered.
pub(crate) fn find<H>(handlers: &Handlers<H>, registration: u32, route: u32) -> Option<&H> {
    handlers.get(registration as usize)?.get(route as usize)
}
