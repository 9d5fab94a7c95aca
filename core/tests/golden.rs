//! The bytes that the specifications in `docs/` show are the bytes that the code makes.
//!
//! Each fenced block tagged `golden NAME` in a specification is compared with what the
//! code gives for NAME; every block must be known here and everything here must be shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use slotway_core::control::{
    Drain, FEATURE_CALLS, FEATURE_EVENTS, FEATURE_PROBE, Hello, HubMessage, Mode, Notice, Pending,
    ProtocolRange, QueueOffer, RefusalCode, Refused, RegionInfo, RegionRequest, Register,
    Registered, Route, Scope, Subscribe, Subscribed, Unregister, Unsubscribe, Welcome,
    WorkerMessage, encode,
};
use slotway_core::head::{RequestLine, TraceContext};
use slotway_core::hub::{HubSide, Lease};
use slotway_core::map::Mapping;
use slotway_core::record::{
    Call, CallEnd, Delivery, EndReason, Ended, Gap, HangUp, Outcome, Principal, Publish, Push,
    Pushed, RefusalReason, Target,
};
use slotway_core::worker::WorkerSide;
use slotway_core::{End, EventRings, Layout, RegionRef, RegionSpec, Watch};

const REGION_LAYOUT: &str = include_str!("../../docs/region-layout.md");
const CONTROL_PROTOCOL: &str = include_str!("../../docs/control-protocol.md");

const SPEC: RegionSpec =
    RegionSpec { slots: 2, head_bytes: 4096, request_bytes: 4096, response_bytes: 8192 };

/// The blocks of a document by name.
fn blocks(document: &str) -> BTreeMap<String, String> {
    let mut blocks = BTreeMap::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("```golden ") {
            let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            assert!(blocks.insert(name.into(), body.join("\n")).is_none(), "{name} twice");
        }
    }
    blocks
}

/// Sixteen bytes a line, an offset before them; runs of zero lines are left out.
fn hex(bytes: &[u8]) -> String {
    let line = |(index, line): (usize, &[u8])| {
        let bytes: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        line.iter()
            .any(|&byte| byte != 0)
            .then(|| format!("{:04x}  {}", 16 * index, bytes.join(" ")))
    };
    bytes.chunks(16).enumerate().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn compare(document: &str, made: &[(&str, String)]) {
    let shown = blocks(document);
    let names: Vec<_> = shown.keys().map(String::as_str).collect();
    let mut expected: Vec<_> = made.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected, "the document shows other blocks than the code makes");
    for (name, made) in made {
        assert_eq!(&shown[*name], made, "the bytes of `{name}` are not what the document shows");
    }
}

fn read(mapping: &Mapping, offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    assert_eq!(rustix::io::pread(mapping.fd(), &mut bytes[..], offset), Ok(length));
    bytes
}

#[test]
fn the_region_is_laid_out_as_specified() {
    let mapping = Arc::new(Mapping::create(SPEC).expect("a small region"));
    let layout = Layout::new(SPEC).expect("a valid spec").header();
    let leases: Box<[Lease]> = (0..SPEC.slots).map(|_| Lease::default()).collect();
    let hub: HubSide<_, _> = HubSide::new(mapping.clone(), leases);
    let worker: WorkerSide<_> = WorkerSide::new(mapping.clone());
    let mut made = vec![("region-header", hex(&read(&mapping, 0, 136)))];

    let mut ticket = hub.acquire().expect("honest").expect("free");
    let line = RequestLine {
        method: b"POST",
        path: b"/items/a%20b",
        query: Some(b"q=1"),
        route: b"/items/{id}",
        registration: 1,
        route_index: 2,
        deadline_ns: 0x1122_3344_5566_7788,
        content_length: Some(5),
        http_version: 11,
        peer: Some("192.0.2.7:4660".parse().expect("an address")),
        trace: Some(TraceContext { trace_id: [0xaa; 16], parent_id: [0xbb; 8], flags: 1 }),
    };
    hub.encode_head(&ticket, &line, |head| {
        head.param("id", b"a b")?;
        head.header(b"accept", b"*/*")?;
        head.header(b"x", b"\xff")
    })
    .expect("it fits");
    assert_eq!(hub.write_body(&ticket, b"hello").expect("honest").0, 5);
    let _ = hub.end_body(&ticket, End::Finished);
    assert!(hub.prepare_sleep());
    let _ = hub.publish(&mut ticket).expect("room");
    made.push(("queue-cell", hex(&read(&mapping, layout.queue_cells, 8))));
    made.push(("slot-header-ready", hex(&read(&mapping, layout.slot_headers, 256))));
    made.push(("request-head", hex(&read(&mapping, layout.payloads, 176))));

    let claim = worker.claim().expect("it is queued");
    let _ = worker.read_request(&claim, &mut [0; 8]);
    assert_eq!(worker.write_response(&claim, b"answer"), 6);
    worker.encode_head(&claim, 200, Some(6), |head| head.header(b"x", b"y")).expect("it fits");
    assert!(worker.finish(claim).needed());
    made.push(("attention-summary", hex(&read(&mapping, layout.attention, 8))));
    made.push(("attention-word", hex(&read(&mapping, layout.attention + 128, 8))));
    made.push(("slot-header-done", hex(&read(&mapping, layout.slot_headers, 256))));
    let response_head = layout.payloads + u64::from(SPEC.head_bytes);
    made.push(("response-head", hex(&read(&mapping, response_head, 32))));
    hub.release(ticket).expect("it is done");
    made.extend(with_events());
    made.extend(records());
    compare(REGION_LAYOUT, &made);
}

/// The same region with rings for events: its header, and the outbox's words after one event,
/// which the hub waits for.
fn with_events() -> Vec<(&'static str, String)> {
    let rings = EventRings { outbox_bytes: 4096, inbox_bytes: 8192 };
    let mapping = Mapping::create_with_events(SPEC, Some(rings)).expect("a small region");
    let mapping = Arc::new(mapping);
    let plain = Layout::new(SPEC).expect("a valid spec");
    let header = mapping.region().layout().header();
    assert_eq!(header.outbox, plain.length() as u64, "what was there before lies as it lay");
    let leases: Box<[Lease]> = (0..SPEC.slots).map(|_| Lease::default()).collect();
    let hub: HubSide<_, _> = HubSide::new(mapping.clone(), leases);
    let worker: WorkerSide<_> = WorkerSide::new(mapping.clone());
    assert_eq!(hub.watch_outbox(), Watch::Armed);
    assert!(hub.prepare_sleep());
    let mut space = worker.outbox_space();
    event().encode(|piece| space.put(piece)).expect("short parts");
    assert!(worker.publish_outbox(space).needed(), "the hub sleeps");
    vec![
        ("region-header-events", hex(&read(&mapping, 0, 176))),
        ("outbox-words", hex(&read(&mapping, header.outbox, 512))),
        ("attention-events", hex(&read(&mapping, header.attention, 8))),
    ]
}

fn event() -> Publish<'static> {
    Publish {
        topic: "chat.7",
        kind: "token",
        id: "t1",
        principal: Principal::Named("ann"),
        payload: b"hello",
        must_deliver: true,
        key: Some("k"),
        terminal: false,
        ticket: 9,
    }
}

fn records() -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    let mut add = |name, record: &[u8]| made.push((name, hex(record)));
    let mut record = Vec::new();
    event().encode(|piece| record.extend_from_slice(piece)).expect("short parts");
    add("record-publish", &record);
    record.clear();
    let target = Target::Path("/feed/7");
    let (kind, data) = ("tick", b"{}".as_slice());
    let push = Push { target, registration: 1, kind, id: "", data, close: false, ticket: 3 };
    push.encode(|piece| record.extend_from_slice(piece)).expect("short parts");
    add("record-push", &record);
    record.clear();
    let delivery = Delivery {
        subscription: 5,
        seq: 0x1122_3344_5566_7788,
        time_us: 0x0006_0000_0000_0001,
        topic: "chat.7",
        kind: "token",
        id: "t1",
        principal: Some("ann"),
        payload: b"hello",
    };
    delivery.encode(|piece| record.extend_from_slice(piece)).expect("short parts");
    add("record-event", &record);
    record.clear();
    let gap = Gap { subscription: 5, missed: 12, at_least: true, principal: Some("ann") };
    gap.encode(|piece| record.extend_from_slice(piece)).expect("a short name");
    add("record-gap", &record);
    add("record-ended", &Ended { subscription: 5, reason: EndReason::Unsubscribed }.encode());
    let reason = RefusalReason::Quota;
    let refused = slotway_core::record::Refused { ticket: 9, reason, count: 1 };
    add("record-refused", &refused.encode());
    add("record-pushed", &Pushed { ticket: 3, status: 404 }.encode());
    record.clear();
    let call = Call {
        queue: "media/images",
        activity: "resize",
        content_type: "text/plain",
        payload: b"a.png",
        timeout_ms: 5000,
        attempts: 3,
        backoff_ms: 100,
        idempotent: true,
        key: Some("k7"),
        ticket: 6,
    };
    call.encode(|piece| record.extend_from_slice(piece)).expect("short parts");
    add("record-call", &record);
    add("record-hang-up", &HangUp { ticket: 6 }.encode());
    record.clear();
    let outcome = Outcome {
        ticket: 6,
        end: CallEnd::Answered,
        status: 200,
        attempts: 1,
        hint_ms: 0,
        replayed: false,
        content_type: "text/plain",
        body: b"done",
    };
    outcome.encode(|piece| record.extend_from_slice(piece)).expect("short parts");
    add("record-outcome", &record);
    made
}

#[test]
fn the_control_messages_are_as_specified() {
    let layout = Layout::new(SPEC).expect("a valid spec").header();
    let worker = |message| json(&encode::<WorkerMessage>(&message).expect("short"));
    let hub = |message| json(&encode::<HubMessage>(&message).expect("short"));
    let registered = || Registered::new(0, "greeter");
    let heartbeat = encode(&WorkerMessage::Heartbeat { seq: 1 }).expect("short");
    let made = [
        ("frame", hex(&heartbeat)),
        (
            "hello",
            worker(WorkerMessage::Hello(Hello {
                protocol: ProtocolRange::OURS,
                sdk: "rust/0.1.0".into(),
                pid: 4242,
                region: None,
                features: vec![FEATURE_PROBE.into()],
                generation: 7,
                instance: Some("api.1".into()),
            })),
        ),
        (
            "hello-events",
            worker(WorkerMessage::Hello(Hello {
                protocol: ProtocolRange::OURS,
                sdk: "rust/0.1.0".into(),
                pid: 4242,
                region: Some(RegionRequest {
                    outbox_bytes: Some(1 << 20),
                    ..RegionRequest::default()
                }),
                features: vec![FEATURE_PROBE.into(), FEATURE_EVENTS.into()],
                generation: 0,
                instance: None,
            })),
        ),
        (
            "subscribe",
            worker(WorkerMessage::Subscribe(Subscribe {
                id: 5,
                topics: vec!["chat.*".into(), "alerts".into()],
                mode: Mode::Lossy,
                scope: None,
                capacity: Some(256),
                overflow: Default::default(),
                after: Some(1_700_000_000_000_000),
            })),
        ),
        (
            "subscribe-routed",
            worker(WorkerMessage::Subscribe(Subscribe {
                id: 6,
                topics: vec!["#".into()],
                mode: Mode::Routed,
                scope: Some(Scope::Principal("ann".into())),
                capacity: None,
                overflow: Default::default(),
                after: None,
            })),
        ),
        ("unsubscribe", worker(WorkerMessage::Unsubscribe(Unsubscribe { id: 5 }))),
        (
            "register",
            worker(WorkerMessage::Register(Register {
                max_concurrent: Some(32),
                ..Register::new(
                    0,
                    "greeter",
                    vec![
                        Route { idempotent: true, ..Route::new("GET", "/hello/{name}") },
                        Route::new("POST", "/echo"),
                    ],
                )
            })),
        ),
        (
            "register-instance",
            worker(WorkerMessage::Register(Register {
                instance: Some("a1".into()),
                credential: Some("b7f0c5".into()),
                ..Register::new(3, "media.resize", vec![Route::new("POST", "/resize")])
            })),
        ),
        (
            "register-host",
            worker(WorkerMessage::Register(Register::new(
                1,
                "api",
                vec![Route { host: Some("api.example".into()), ..Route::new("GET", "/") }],
            ))),
        ),
        (
            "register-sse",
            worker(WorkerMessage::Register(Register::new(
                2,
                "chat",
                vec![
                    Route { sse: true, ..Route::new("GET", "/rooms/{room}/events") },
                    Route::new("POST", "/rooms/{room}"),
                ],
            ))),
        ),
        (
            "register-queue",
            worker(WorkerMessage::Register(Register {
                queues: vec![QueueOffer {
                    queue: "media/images".into(),
                    activities: vec!["resize".into(), "crop".into()],
                    capacity: Some(8),
                }],
                ..Register::new(3, "resizer", Vec::new())
            })),
        ),
        ("unregister", worker(WorkerMessage::Unregister(Unregister { id: 0 }))),
        ("drain", worker(WorkerMessage::Drain(Drain {}))),
        (
            "welcome",
            hub(HubMessage::Welcome(Welcome {
                protocol: 1,
                hub: "slotway-hub/0.1.0".into(),
                pid: 4200,
                region: RegionInfo {
                    layout_major: layout.layout_major,
                    layout_minor: layout.layout_minor,
                    length: layout.length,
                    slots: SPEC.slots,
                    head_bytes: SPEC.head_bytes,
                    request_bytes: SPEC.request_bytes,
                    response_bytes: SPEC.response_bytes,
                    probe_slot: Some(1),
                    outbox_bytes: None,
                    inbox_bytes: None,
                },
                features: vec![FEATURE_CALLS.into()],
            })),
        ),
        (
            "subscribed",
            hub(HubMessage::Subscribed(Subscribed { id: 5, seq: 1_700_000_000_000_042 })),
        ),
        (
            "refused-subscription",
            hub(HubMessage::Refused(Refused {
                id: None,
                subscription: Some(5),
                code: RefusalCode::BadTopic,
                reason: "\"a..b\" is no pattern".into(),
            })),
        ),
        ("registered", hub(HubMessage::Registered(registered()))),
        (
            "registered-credential",
            hub(HubMessage::Registered(Registered {
                credential: Some("b7f0c5".into()),
                ..Registered::new(3, "media.resize")
            })),
        ),
        (
            "pending",
            hub(HubMessage::Pending(Pending {
                id: 3,
                reason: "\"media.resize.a1\" waits for approval".into(),
            })),
        ),
        (
            "refused",
            hub(HubMessage::Refused(Refused {
                id: Some(0),
                subscription: None,
                code: RefusalCode::RouteConflict,
                reason: "GET /hello/{name} is served by \"other\"".into(),
            })),
        ),
        ("unregistered", hub(HubMessage::Unregistered(registered()))),
        ("hub-drain", hub(HubMessage::Drain(Notice { reason: "shutting down".into() }))),
        ("drained", hub(HubMessage::Drained)),
        ("bye", hub(HubMessage::Bye(Notice { reason: "shutting down".into() }))),
    ];
    compare(CONTROL_PROTOCOL, &made);
}

fn json(frame: &[u8]) -> String {
    String::from_utf8(frame[4..].to_vec()).expect("JSON is UTF-8")
}
