//! A worker's first words, and what the hub gives it: from hello to welcome.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use slotway_core::control::{
    FEATURE_CALLS, FEATURE_EVENTS, FEATURE_PROBE, Hello, HubMessage, PROTOCOL_MAX, PROTOCOL_MIN,
    ProtocolRange, RefusalCode, RegionInfo, Welcome, WorkerMessage, check_name,
};
use slotway_core::map::{Doorbell, MapError, Mapping};
use slotway_core::{EventRings, LAYOUT_MAJOR, LAYOUT_MINOR, Layout, RegionSpec, SLOTS_MAX};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::{info, warn};

use super::link::{Link, LinkError};
use super::session::{End, Peer};
use crate::courier;
use crate::instance::{Instance, Who, attend};
use crate::phase::{Phase, Phases};
use crate::readable::watch;
use crate::shared::Shared;

/// What ties a worker to the hub. However its session ends, a panic included, nobody new
/// comes and everybody who waits for the worker sees that it is gone.
pub(super) struct Tie {
    pub(super) shared: Arc<Shared>,
    pub(super) instance: Arc<Instance>,
    region_task: AbortHandle,
}

impl Drop for Tie {
    fn drop(&mut self) {
        self.instance.bury();
        self.shared.registry.disconnect(&self.instance);
        self.region_task.abort();
    }
}

/// From hello to welcome.
pub(super) async fn greet(
    shared: &Arc<Shared>,
    link: &mut Link,
    peer: Peer,
    phases: &mut Phases,
) -> Result<Tie, End> {
    let patience = shared.config().times.control;
    let hello = tokio::select! {
        hello = timeout(patience, link.receive()) => hello,
        _ = phases.at_least(Phase::Draining) => return Err(shutting_down()),
    };
    let hello = match hello {
        Ok(message) => expect_hello(message)?,
        Err(_) => {
            let reason =
                format!("no hello within {patience:?}; it is the first message of a connection");
            return Err(End::Refused(RefusalCode::OutOfOrder, reason));
        }
    };
    let protocol = ProtocolRange::OURS.common(hello.protocol).ok_or_else(|| {
        let ProtocolRange { min, max } = hello.protocol;
        let reason = format!(
            "the worker speaks protocol {min} to {max} and this hub {PROTOCOL_MIN} to \
             {PROTOCOL_MAX}; update the older of the two"
        );
        End::Refused(RefusalCode::ProtocolVersion, reason)
    })?;
    let asked = hello.region.unwrap_or_default();
    let wanted = asked.or(shared.config().workers.region);
    let knows = |name: &str| hello.features.iter().any(|feature| feature == name);
    let probed = knows(FEATURE_PROBE);
    let rings = knows(FEATURE_EVENTS).then(|| asked.rings_or(shared.config().workers.rings));
    if hello.generation > 0 && !probed {
        let reason = format!(
            "the worker is of generation {} and does not know probes, by which it would show that \
             it can take over; add the feature {FEATURE_PROBE:?}, or leave the generation out",
            hello.generation
        );
        return Err(End::Refused(RefusalCode::BadMessage, reason));
    }
    if let Some(label) = &hello.instance {
        check_name(label).map_err(|rule| {
            let reason = format!("the instance of the hello: {rule}");
            End::Refused(RefusalCode::BadName, reason)
        })?;
    }
    let region = create(shared, wanted, probed, rings)?;
    let no_doorbell = |error: io::Error| {
        let reason = format!("the hub could not create a doorbell: {error}");
        End::Refused(RefusalCode::RegionUnavailable, reason)
    };
    let hubs = Doorbell::new().map_err(no_doorbell)?;
    let (ringer, workers) = Doorbell::pair().map_err(no_doorbell)?;
    let doorbell = hubs.as_fd().try_clone_to_owned().and_then(watch).map_err(no_doorbell)?;
    let welcome = HubMessage::Welcome(welcome(protocol, &region, probed));
    link.send_with(&welcome, &[region.fd(), hubs.as_fd(), workers.as_fd()]).await?;

    let who = Who {
        id: peer.id,
        pid: peer.pid.map(i32::cast_unsigned),
        uid: peer.uid,
        sdk: hello.sdk,
        generation: hello.generation,
        label: hello.instance,
    };
    info!(
        worker = who.id,
        pid = who.pid,
        instance = who.label,
        sdk = who.sdk,
        slots = wanted.slots,
        "worker connected"
    );
    let instance = Arc::new(Instance::new(who, region, ringer, probed));
    shared.registry.connect(instance.clone());
    let attended = instance.clone();
    let spin_cap = shared.config().workers.spin;
    let task = tokio::spawn(async move {
        let error = attend(attended.clone(), doorbell, spin_cap).await;
        warn!(worker = attended.who.id, %error, "the hub cannot listen to the worker");
        attended.fail();
    });
    if instance.side().has_events() {
        // It ends by itself when the worker is gone and what it has left is published.
        tokio::spawn(courier::drain(shared.clone(), instance.clone()));
    }
    Ok(Tie { shared: shared.clone(), instance, region_task: task.abort_handle() })
}

fn expect_hello(message: Result<WorkerMessage, LinkError>) -> Result<Hello, End> {
    match message? {
        WorkerMessage::Hello(hello) => Ok(hello),
        _ => {
            let reason = "the first message of a connection is hello".to_owned();
            Err(End::Refused(RefusalCode::OutOfOrder, reason))
        }
    }
}

/// Creates the region that a worker asks for; for one that is probed with a slot more.
fn create(
    shared: &Shared,
    wanted: RegionSpec,
    probed: bool,
    rings: Option<EventRings>,
) -> Result<Mapping, End> {
    let mut spec = wanted;
    if probed && (1..SLOTS_MAX).contains(&wanted.slots) {
        spec.slots += 1;
    }
    let bad = |reason| End::Refused(RefusalCode::BadRegionSpec, reason);
    let layout = Layout::with_events(spec, rings).map_err(|error| bad(error.to_string()))?;
    let (length, most) = (layout.length() as u64, shared.config().workers.region_bytes_max);
    if length > most {
        return Err(bad(format!(
            "the region would have {length} bytes and this hub allows {most}; ask for fewer \
             slots or smaller sizes, or raise --region-max"
        )));
    }
    let unavailable = |error: &dyn fmt::Display| {
        let reason = format!("the hub could not create a region: {error}");
        End::Refused(RefusalCode::RegionUnavailable, reason)
    };
    let region = Mapping::create_with_events(spec, rings).map_err(|error| match error {
        MapError::Spec(error) => bad(error.to_string()),
        error => unavailable(&error),
    })?;
    if probed {
        region.reserve_words(spec.slots - 1).map_err(|error| unavailable(&error))?;
    }
    Ok(region)
}

fn welcome(protocol: u32, region: &Mapping, probed: bool) -> Welcome {
    let (spec, rings) = (region.spec(), region.event_rings());
    Welcome {
        protocol,
        hub: concat!("slotway-hub/", env!("CARGO_PKG_VERSION")).to_owned(),
        pid: std::process::id(),
        features: rings.map(|_| FEATURE_CALLS.to_owned()).into_iter().collect(),
        region: RegionInfo {
            layout_major: LAYOUT_MAJOR,
            layout_minor: LAYOUT_MINOR,
            length: region.length(),
            slots: spec.slots,
            head_bytes: spec.head_bytes,
            request_bytes: spec.request_bytes,
            response_bytes: spec.response_bytes,
            probe_slot: probed.then(|| spec.slots - 1),
            outbox_bytes: rings.map(|rings| rings.outbox_bytes),
            inbox_bytes: rings.map(|rings| rings.inbox_bytes),
        },
    }
}

fn shutting_down() -> End {
    End::Refused(RefusalCode::ShuttingDown, "the hub is shutting down".to_owned())
}
