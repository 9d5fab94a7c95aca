//! The path as core and tokio allow it: leases and slot words, an eventfd that tokio
//! watches, a waker for each slot, and nothing else.

use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::task::Poll;

use atomic_waker::AtomicWaker;
use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::hub::{HubSide, Lease, Progress};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::{End, RegionSpec};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::{AbortHandle, yield_now};

use super::{BODY, Path, SLOTS, worker};

/// Core's hub side and who waits for which slot.
struct Region {
    side: HubSide<Mapping, Box<[Lease]>>,
    wakers: Box<[AtomicWaker]>,
}

/// The path.
pub(super) struct Bare {
    region: Arc<Region>,
    listening: AbortHandle,
}

impl Path for Bare {
    fn new() -> io::Result<(Bare, worker::End)> {
        let spec = RegionSpec { slots: SLOTS, ..RegionSpec::default() };
        let mapping = Mapping::create(spec).map_err(io::Error::other)?;
        let memory = mapping.fd().try_clone_to_owned()?;
        let hub_bell = Doorbell::new()?;
        let doorbell = hub_bell.as_fd().try_clone_to_owned()?;
        // SAFETY: an `OwnedFd` keeps its descriptor open and is always the same one.
        let doorbell = unsafe { AsyncFd::register_with_interest(doorbell, Interest::READABLE) }
            .map_err(|error| {
                let (_, error) = error.into_parts();
                error
            })?;
        let region = Arc::new(Region {
            side: HubSide::new(mapping, (0..SLOTS).map(|_| Lease::default()).collect()),
            wakers: (0..SLOTS).map(|_| AtomicWaker::new()).collect(),
        });
        let listener = region.clone();
        let listening = tokio::spawn(async move {
            loop {
                listener.side.drain_attention(|slot| listener.wakers[slot as usize].wake());
                if !listener.side.prepare_sleep() {
                    yield_now().await;
                } else if let Ok(mut ready) = doorbell.readable().await {
                    ready.clear_ready();
                }
            }
        });
        let path = Bare { region, listening: listening.abort_handle() };
        Ok((path, worker::End { memory, hub_bell }))
    }

    async fn exchange(&self) -> io::Result<()> {
        let bad = |_| io::Error::other("the worker broke the protocol");
        let side = &self.region.side;
        let mut ticket = side.acquire().map_err(bad)?.ok_or(io::ErrorKind::OutOfMemory)?;
        let line = RequestLine {
            path: b"/hello/world",
            content_length: Some(BODY.len() as u64),
            ..RequestLine::default()
        };
        side.encode_head(&ticket, &line, |head| head.header(b"accept", b"*/*"))
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        let _ = side.write_body(&ticket, &BODY).map_err(bad)?;
        let _ = side.end_body(&ticket, End::Finished);
        let _ = side.publish(&mut ticket).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let head_length = poll_fn(|cx| {
            self.region.wakers[ticket.slot() as usize].register(cx.waker());
            match side.progress(&ticket) {
                Ok(Progress::Done { head_length }) => Poll::Ready(Ok(head_length)),
                Ok(_) => Poll::Pending,
                Err(violation) => Poll::Ready(Err(bad(violation))),
            }
        })
        .await?;
        let mut head = vec![0; head_length as usize];
        side.copy_head(&ticket, &mut head);
        let status = ResponseHead::parse(&head).map_err(io::Error::other)?.status();
        let mut answer = vec![0; side.readable(&ticket).map_err(bad)?.length];
        let _ = side.read_body(&ticket, &mut answer).map_err(bad)?;
        assert_eq!((status, answer.as_slice()), (200, BODY.as_slice()));
        side.release(ticket).map_err(|_| io::Error::other("the worker broke the protocol"))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
