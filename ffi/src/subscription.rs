//! Subscriptions: their handles, and what comes out of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sdk::{Delivery, Subscription, Topics};

use crate::error::Fault;
use crate::event::slotway_delivery;
use crate::handle::{Kind, Table};
use crate::options::{Sized32, sized};
use crate::poll::check_capacity;
use crate::status::slotway_status;
use crate::types::{array, put, put_at, slotway_view, timeout, view_text};
use crate::worker::{self, lock, slotway_worker};

/// A subscription: the events of some topics, in the order in which they were published.
pub struct slotway_subscription {
    _opaque: [u8; 0],
}

/// A queue for each principal in place of one for all, and these are served in turn: a flood
/// by one never starves another. A flag of slotway_subscription_options.
pub const SLOTWAY_SUBSCRIPTION_ROUTED: u32 = 1;

/// When more events come than are kept, those that come are lost and not the oldest. Not
/// with SLOTWAY_SUBSCRIPTION_ROUTED. A flag of slotway_subscription_options.
pub const SLOTWAY_SUBSCRIPTION_DROP_NEWEST: u32 = 2;

/// Only events without a principal. With SLOTWAY_SUBSCRIPTION_ROUTED. A flag of
/// slotway_subscription_options.
pub const SLOTWAY_SUBSCRIPTION_SYSTEM: u32 = 4;

/// How events are kept until they are taken. Begin with SLOTWAY_SUBSCRIPTION_OPTIONS_INIT;
/// 0 in any field means its default.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_subscription_options {
    /// sizeof(slotway_subscription_options).
    pub size: u32,
    /// SLOTWAY_SUBSCRIPTION_ROUTED, _DROP_NEWEST and _SYSTEM, added up. Without them: one
    /// queue for everybody's events, of which the oldest are lost.
    pub flags: u32,
    /// Events that the hub keeps at most while this process does not take them; of each
    /// principal with SLOTWAY_SUBSCRIPTION_ROUTED. The hub's default otherwise.
    pub capacity: u32,
    /// Events that wait in this process at most, so that a subscription from which nobody
    /// takes does not hold up the others; what is more is lost by the same policy. 1024
    /// otherwise.
    pub queue: u32,
    /// Only events of this principal. With SLOTWAY_SUBSCRIPTION_ROUTED. Everybody's otherwise.
    pub principal: slotway_view,
    /// Begin with what the hub still holds of what came after this sequence number; 1 for
    /// all that it holds. With what is published from now on otherwise.
    pub after: u64,
}

const _: () = assert!(size_of::<slotway_subscription_options>() == 40);

// SAFETY: `repr(C)`; integers and a raw pointer, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_subscription_options {}

/// What is behind a subscription's handle. Threads that wait in it hold it, not its place in
/// the table, so that closing the handle waits for nobody.
struct Open {
    subscription: Subscription,
    /// What was shown last, and lies here until the next call.
    shown: Mutex<Vec<Delivery>>,
}

static SUBSCRIPTIONS: Table<Arc<Open>> = Table::new(Kind::Subscription);

fn hold(subscription: *const slotway_subscription) -> Result<Arc<Open>, Fault> {
    SUBSCRIPTIONS.hold(subscription.addr()).map(|held| Arc::clone(&held))
}

/// Subscribes to the events of every topic that one of the patterns matches, and waits
/// until the hub has said that they come: those published from then on will.
///
/// A pattern is a topic whose segments may be "*": inside it stands for one segment, at the
/// end for one or more; "#" alone is every topic. They are copied. options may be NULL: the
/// defaults.
/// timeout_ms: negative waits for ever, also for a hub; 0 does not wait, and what the hub
/// refuses then is told by slotway_subscription_next.
///
/// When the hub goes away the subscription waits for the next one and goes on from where it
/// was, so far as that hub still holds it. A worker needs no registration to subscribe.
///
/// Ownership: *subscription is yours until slotway_subscription_close.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (what is wrong with which pattern or option),
/// SLOTWAY_E_REFUSED, SLOTWAY_E_TIMEOUT, SLOTWAY_E_OUT_OF_ORDER (not connected yet),
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_subscribe(
    worker: *mut slotway_worker,
    patterns: *const slotway_view,
    count: usize,
    options: *const slotway_subscription_options,
    timeout_ms: i64,
    subscription: *mut *mut slotway_subscription,
) -> slotway_status {
    export!([worker, subscription] => {
        // SAFETY: the header's contract.
        let topics = unsafe { topics(patterns, count, options)? };
        let begun = worker::hold(worker)?.connection()?.subscribe_in_background(&topics)?;
        let timeout = timeout(timeout_ms);
        if timeout != Some(Duration::ZERO) {
            begun.wait_live(timeout)?;
        }
        let open = Open { subscription: begun, shown: Mutex::default() };
        let handle = SUBSCRIPTIONS.insert(Arc::new(open))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(subscription, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// # Safety
///
/// As the header says.
unsafe fn topics(
    patterns: *const slotway_view,
    count: usize,
    options: *const slotway_subscription_options,
) -> Result<Topics, Fault> {
    const FLAGS: u32 = SLOTWAY_SUBSCRIPTION_ROUTED
        | SLOTWAY_SUBSCRIPTION_DROP_NEWEST
        | SLOTWAY_SUBSCRIPTION_SYSTEM;
    // SAFETY: the caller's promise.
    let patterns = unsafe { array("patterns", patterns, count)? };
    let mut texts = Vec::with_capacity(count);
    for (index, pattern) in patterns.iter().enumerate() {
        // SAFETY: the caller's promise.
        texts.push(unsafe { view_text(format_args!("patterns[{index}]"), *pattern)? });
    }
    let mut topics = Topics::new(texts);
    let first_size = size_of::<slotway_subscription_options>();
    // SAFETY: the caller's promise.
    if let Some(given) = unsafe { sized("options", first_size, options)? } {
        if given.flags & !FLAGS != 0 {
            return Err(Fault::Argument(format!(
                "options.flags is {:#x}; a subscription's flags are SLOTWAY_SUBSCRIPTION_ROUTED, \
                 _DROP_NEWEST and _SYSTEM",
                given.flags
            )));
        }
        // SAFETY: the caller's promise.
        let principal = unsafe { view_text("options.principal", given.principal)? };
        if given.flags & SLOTWAY_SUBSCRIPTION_SYSTEM != 0 && !principal.is_empty() {
            return Err(Fault::Argument(format!(
                "options.principal is {principal:?}, and SLOTWAY_SUBSCRIPTION_SYSTEM asks for events \
                 that have none"
            )));
        }
        let set = |topics, is_set, set: fn(Topics) -> Topics| {
            if is_set { set(topics) } else { topics }
        };
        let has = |flag| given.flags & flag != 0;
        topics = set(topics, has(SLOTWAY_SUBSCRIPTION_ROUTED), Topics::routed);
        topics = set(topics, has(SLOTWAY_SUBSCRIPTION_DROP_NEWEST), Topics::drop_newest);
        topics = set(topics, has(SLOTWAY_SUBSCRIPTION_SYSTEM), Topics::of_system);
        if !principal.is_empty() {
            topics = topics.of_principal(principal);
        }
        if given.capacity != 0 {
            topics = topics.capacity(given.capacity);
        }
        if given.queue != 0 {
            topics = topics.queue(given.queue as usize);
        }
        if given.after != 0 {
            topics = topics.after(given.after);
        }
    }
    Ok(topics)
}

/// Waits for the next events of a subscription, or word that some were lost, and takes as
/// many as there are then, capacity at most: one at least.
///
/// timeout_ms: negative waits for ever, 0 only looks. While the hub is away this waits too.
///
/// Lifetime: the views live until the next call of this or of slotway_subscription_take for
/// this subscription, or its slotway_subscription_close.
/// From one thread at a time for a subscription, because of that.
/// Errors: SLOTWAY_E_TIMEOUT; SLOTWAY_E_REFUSED when the hub has refused the subscription;
/// SLOTWAY_E_CLOSED when nothing more will come: after slotway_subscription_close,
/// slotway_worker_close, or a shutdown that has come to its end; SLOTWAY_E_INVALID_ARGUMENT
/// (no capacity).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_subscription_next(
    subscription: *mut slotway_subscription,
    capacity: usize,
    timeout_ms: i64,
    deliveries: *mut slotway_delivery,
    count: *mut usize,
) -> slotway_status {
    export!([subscription, deliveries, count] => {
        let held = hold(subscription)?;
        check_capacity(capacity)?;
        let first = held.subscription.recv(timeout(timeout_ms))?.ok_or(Fault::Timeout)?;
        // SAFETY: the header's contract.
        unsafe { held.show(Some(first), Subscription::try_recv, capacity, deliveries, count) };
        Ok(())
    })
}

/// Takes what there is of a subscription now, capacity at most, without waiting. When
/// *count, which may come out as 0, is less than capacity, the worker's poll descriptor
/// becomes readable when there is more.
///
/// Otherwise as slotway_subscription_next.
///
/// Lifetime: as for slotway_subscription_next.
/// From one thread at a time for a subscription: the event loop's.
/// Errors: those of slotway_subscription_next but for SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_subscription_take(
    subscription: *mut slotway_subscription,
    capacity: usize,
    deliveries: *mut slotway_delivery,
    count: *mut usize,
) -> slotway_status {
    export!([subscription, deliveries, count] => {
        let held = hold(subscription)?;
        check_capacity(capacity)?;
        let first = held.subscription.poll_recv()?;
        // SAFETY: the header's contract.
        unsafe { held.show(first, Subscription::poll_recv, capacity, deliveries, count) };
        Ok(())
    })
}

impl Open {
    /// Shows the first, and what `more` finds behind it.
    ///
    /// # Safety
    ///
    /// `into` points to `capacity` deliveries and `count` to a number, initialised or not.
    unsafe fn show(
        &self,
        first: Option<Delivery>,
        more: fn(&Subscription) -> sdk::Result<Option<Delivery>>,
        capacity: usize,
        into: *mut slotway_delivery,
        count: *mut usize,
    ) {
        let shown = &mut *lock(&self.shown);
        shown.clear();
        let mut next = first;
        while let Some(delivery) = next {
            // A delivery's bytes stay where they are when it moves.
            // SAFETY: the caller's promise: fewer than `capacity` were shown.
            unsafe { put_at(into, shown.len(), slotway_delivery::of(&delivery)) };
            shown.push(delivery);
            if shown.len() == capacity {
                break;
            }
            // An error comes again.
            next = more(&self.subscription).unwrap_or(None);
        }
        // SAFETY: the caller's promise.
        unsafe { put(count, shown.len()) };
    }
}

/// Ends a subscription. A thread in slotway_subscription_next comes back with
/// SLOTWAY_E_CLOSED. What it had not taken is lost.
///
/// NULL is fine and does nothing. A subscription may be closed before or after its worker.
///
/// Ownership: takes the subscription. Its handle is never used again for another one; using
/// it is an error, SLOTWAY_E_CLOSED.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED (it was closed before).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_subscription_close(
    subscription: *mut slotway_subscription,
) -> slotway_status {
    export!([] => {
        if subscription.is_null() {
            return Ok(());
        }
        let held = SUBSCRIPTIONS.remove(subscription.addr())?;
        held.subscription.close();
        Ok(())
    })
}
