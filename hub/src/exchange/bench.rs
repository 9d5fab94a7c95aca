//! The hub's path without HTTP, for `benches/`: its own instance, region task and
//! exchange, around a worker that the caller brings.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use slotway_core::control::Register;
use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::{End, RegionSpec};
use tokio::task::AbortHandle;

use super::{Answer, Exchange};
use crate::config::Workers;
use crate::identities::Identity;
use crate::instance::{Instance, Registration, Who, attend};
use crate::readable::watch;
use crate::service::Service;
use crate::wait_queue::Crowd;

/// One worker as the hub sees it, without a control socket and without routes.
#[derive(Debug)]
pub struct HubPath {
    registration: Arc<Registration>,
    region_task: AbortHandle,
}

/// What the worker gets.
#[derive(Debug)]
pub struct WorkerEnd {
    /// The region's memory.
    pub memory: OwnedFd,
    /// What wakes the hub.
    pub hub_bell: Doorbell,
}

impl HubPath {
    /// A region of `slots` slots, and the task that listens to its worker. To be called in
    /// a tokio runtime.
    ///
    /// # Errors
    ///
    /// The system gives no memory or descriptor.
    pub fn new(slots: u32) -> io::Result<(HubPath, WorkerEnd)> {
        let spec = RegionSpec { slots, ..RegionSpec::default() };
        let region = Mapping::create(spec).map_err(io::Error::other)?;
        let memory = region.fd().try_clone_to_owned()?;
        let hub_bell = Doorbell::new()?;
        let doorbell = watch(hub_bell.as_fd().try_clone_to_owned()?)?;
        // Threads wait for work here, no event loop: nobody listens to this one.
        let (ringer, _) = Doorbell::pair()?;
        let who = Who {
            id: 1,
            pid: Some(std::process::id()),
            uid: 0,
            sdk: "bench".to_owned(),
            generation: 0,
            label: None,
        };
        let instance = Arc::new(Instance::new(who, region, ringer, false));
        let service = Arc::new(Service::new("bench", slots as usize, Crowd::default()));
        instance.set_lines(vec![service.queue.clone()]);
        let region_task = tokio::spawn(attend(instance.clone(), doorbell, Workers::default().spin))
            .abort_handle();
        let identity = Identity::of(&Register::new(1, "bench", Vec::new()), 1);
        let identity = identity.map_err(io::Error::other)?;
        let registration = Arc::new(Registration::new(
            instance,
            1,
            identity,
            service,
            Arc::from([]),
            Box::default(),
            u32::MAX,
        ));
        Ok((HubPath { registration, region_task }, WorkerEnd { memory, hub_bell }))
    }

    /// One request and its answer, whose body is copied into `answer`; gives its status.
    ///
    /// # Errors
    ///
    /// No slot is free, or the worker did not answer properly.
    pub async fn exchange(&self, body: &[u8], answer: &mut Vec<u8>) -> io::Result<u16> {
        let none = || io::Error::other("no slot is free");
        let bad = || io::Error::other("the worker's answer is none");
        let permit = self.registration.admit().ok_or_else(none)?;
        let mut exchange = Exchange::open(permit, false).map_err(|_| none())?;
        let line = RequestLine {
            path: b"/hello/world",
            content_length: Some(body.len() as u64),
            ..RequestLine::default()
        };
        exchange.reserve_head(256)?;
        exchange
            .encode_head(&line, |head| head.header(b"accept", b"*/*"))
            .map_err(|_| io::Error::other("the head does not fit"))?;
        if exchange.write_body(body).map_err(|_| bad())? != body.len() {
            return Err(io::Error::other("the body does not fit"));
        }
        exchange.end_body(End::Finished);
        exchange.publish().map_err(|_| none())?;
        let answered = poll_fn(|cx| exchange.poll_answer(cx, false)).await;
        // The bench's worker streams nothing, so a head comes with its end.
        let Answer::Head { length, done: true } = answered else { return Err(bad()) };
        let readable = exchange.readable().map_err(|_| bad())?;
        let length = length as usize;
        *answer = exchange.copy_answer(length, readable.length).map_err(|_| bad())?;
        let status = ResponseHead::parse(&answer[..length]).map_err(|_| bad())?.status();
        answer.drain(..length);
        Ok(status)
    }
}

impl Drop for HubPath {
    fn drop(&mut self) {
        self.region_task.abort();
    }
}
