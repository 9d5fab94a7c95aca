//! Routes and what answers them, in the order in which the hub numbers them.

use crate::registration::Registration;

/// Handlers by registration and route.
pub(crate) type Handlers<H> = Vec<Vec<H>>;

/// What a worker offers.
pub(crate) struct Offer<H> {
    // As many as there are lists of handlers, and never none.
    registrations: Vec<Registration>,
    handlers: Handlers<H>,
}

impl<H> Offer<H> {
    pub(crate) fn new(name: impl Into<String>) -> Offer<H> {
        Offer { registrations: vec![Registration::new(name)], handlers: vec![Vec::new()] }
    }

    pub(crate) fn also(&mut self, name: impl Into<String>) {
        self.registrations.push(Registration::new(name));
        self.handlers.push(Vec::new());
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

    pub(crate) fn into_parts(self) -> (Vec<Registration>, Handlers<H>) {
        (self.registrations, self.handlers)
    }
}

/// The handler of a request; `None` when the hub names a route that was not offered.
pub(crate) fn find<H>(handlers: &Handlers<H>, registration: u32, route: u32) -> Option<&H> {
    handlers.get(registration as usize)?.get(route as usize)
}
