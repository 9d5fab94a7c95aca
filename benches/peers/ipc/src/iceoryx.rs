//! iceoryx2's request-response: both sides polling, or each notifying the other by its
//! event after it has sent.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::Duration;

use iceoryx2::node::{Node, NodeBuilder};
use iceoryx2::pending_response::PendingResponse;
use iceoryx2::port::client::Client as RequestClient;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::service::ipc::Service;
use iceoryx2::service::port_factory::event;
use iceoryx2::service::port_factory::request_response;

use crate::{Case, Client, server};

/// How long a server sleeps before it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

type Requests = request_response::PortFactory<Service, [u8], (), [u8], ()>;
type Events = event::PortFactory<Service>;
type Pending = PendingResponse<Service, [u8], (), [u8], ()>;

/// Where client and server meet: a service for the bytes and one for the events of each
/// direction.
pub(crate) struct Meeting {
    _node: Node<Service>,
    requests: Requests,
    /// There and back.
    events: Option<(Events, Events)>,
    payload: usize,
}

impl Meeting {
    /// Opens it, or creates it.
    pub(crate) fn create(case: Case, name: &str, events: bool) -> Result<Meeting, Box<dyn Error>> {
        let node = NodeBuilder::new().create::<Service>()?;
        let requests = node
            .service_builder(&name.try_into()?)
            .request_response::<[u8], [u8]>()
            .max_active_requests_per_client(case.depth)
            .max_clients(1)
            .max_servers(1)
            .open_or_create()?;
        let event = |direction: &str| -> Result<Events, Box<dyn Error>> {
            let name = format!("{name}-{direction}");
            Ok(node.service_builder(&name.as_str().try_into()?).event().open_or_create()?)
        };
        let events = match events {
            true => Some((event("there")?, event("back")?)),
            false => None,
        };
        Ok(Meeting { _node: node, requests, events, payload: case.payload })
    }

    /// The end that asks.
    pub(crate) fn client(self) -> Result<Caller, Box<dyn Error>> {
        let client = self.requests.client_builder().initial_max_slice_len(self.payload).create()?;
        let bells = match &self.events {
            Some((there, back)) => {
                Some((there.notifier_builder().create()?, back.listener_builder().create()?))
            }
            None => None,
        };
        Ok(Caller {
            client,
            bells,
            pending: VecDeque::new(),
            body: vec![7; self.payload],
            answer: vec![0; self.payload],
            _meeting: self,
        })
    }
}

/// The end that asks.
pub(crate) struct Caller {
    pending: VecDeque<Pending>,
    client: RequestClient<Service, [u8], (), [u8], ()>,
    bells: Option<(Notifier<Service>, Listener<Service>)>,
    body: Vec<u8>,
    answer: Vec<u8>,
    _meeting: Meeting,
}

impl Client for Caller {
    fn turn(&mut self, depth: usize) -> Result<usize, Box<dyn Error>> {
        while self.pending.len() < depth {
            let request = self.client.loan_slice_uninit(self.body.len())?;
            self.pending.push_back(request.write_from_slice(&self.body).send()?);
            if let Some((notifier, _)) = &self.bells {
                notifier.notify()?;
            }
        }
        let Some(oldest) = self.pending.pop_front() else { return Ok(0) };
        loop {
            if let Some(response) = oldest.receive()? {
                self.answer.copy_from_slice(response.payload());
                assert_eq!(self.answer.first(), self.body.first());
                return Ok(1);
            }
            match &self.bells {
                Some((_, listener)) => {
                    listener.blocking_wait(|_| ())?;
                }
                None => std::hint::spin_loop(),
            }
        }
    }
}

/// Echoes until it is told to end.
pub(crate) fn serve(case: Case, name: &str, events: bool) -> Result<(), Box<dyn Error>> {
    let meeting = Meeting::create(case, name, events)?;
    let server = meeting.requests.server_builder().initial_max_slice_len(case.payload).create()?;
    let bells = match &meeting.events {
        Some((there, back)) => {
            Some((there.listener_builder().create()?, back.notifier_builder().create()?))
        }
        None => None,
    };
    let stop = server::announce()?;
    while !stop.load(Ordering::Relaxed) {
        let Some(request) = server.receive()? else {
            match &bells {
                Some((listener, _)) => {
                    listener.timed_wait(|_| (), LOOK)?;
                }
                None => std::hint::spin_loop(),
            }
            continue;
        };
        let response = request.loan_slice_uninit(request.payload().len())?;
        response.write_from_slice(request.payload()).send()?;
        if let Some((_, notifier)) = &bells {
            notifier.notify()?;
        }
    }
    Ok(())
}
