//! slotbus without its hub: a bus with its watcher's thread, and a worker's receive loop.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use slotbus::types::RequestMeta;
use slotbus::{SlotBus, SlotBusConfig, SlotWorker};

use crate::{Case, Client, server};

/// Its default; as many as it is asked to have in flight if that is more.
const SLOTS: usize = 32;

fn config(case: Case, name: &str) -> SlotBusConfig {
    SlotBusConfig::builder().name(name).num_slots(SLOTS.max(case.depth)).build()
}

type Pending = tokio::sync::oneshot::Receiver<slotbus::transport::Response>;

/// The end that asks.
pub(crate) struct Caller {
    bus: SlotBus,
    pending: VecDeque<Pending>,
    body: Vec<u8>,
    count: u64,
}

impl Caller {
    pub(crate) fn new(case: Case, name: &str) -> Result<Caller, Box<dyn Error>> {
        let bus = SlotBus::create(config(case, name))?;
        // It ends with the process: its handle is of no use.
        drop(bus.start_response_watcher());
        Ok(Caller { bus, pending: VecDeque::new(), body: vec![7; case.payload], count: 0 })
    }
}

impl Client for Caller {
    fn turn(&mut self, depth: usize) -> Result<usize, Box<dyn Error>> {
        while self.pending.len() < depth {
            self.count += 1;
            let meta = RequestMeta {
                path: "/hello/world".to_owned(),
                route_pattern: "/hello/{name}".to_owned(),
                path_params: Vec::new(),
                query: None,
                headers: vec![("accept".to_owned(), "*/*".to_owned())],
            };
            // An id of 36 characters, as it wants them.
            let id = format!("{:036}", self.count);
            self.pending.push_back(self.bus.dispatch(&id, "POST", &meta, &self.body)?);
        }
        let Some(oldest) = self.pending.pop_front() else { return Ok(0) };
        let response = oldest.blocking_recv()?;
        assert_eq!(response.body.len(), self.body.len());
        Ok(1)
    }
}

/// Echoes until it is told to end.
pub(crate) fn serve(case: Case, name: &str) -> Result<(), Box<dyn Error>> {
    let worker = Arc::new(SlotWorker::open(config(case, name))?);
    let threads = worker.clone().start_receive_loop(|worker, slot, request| {
        let answered =
            worker.send_response(slot, 200, request.body, "text/plain", Vec::new());
        if let Err(error) = answered {
            eprintln!("slotbus: {error}");
        }
    });
    let stop = server::announce()?;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    worker.stop();
    let _ = threads.join();
    Ok(())
}
