//! Regions that can be opened, and files that are not regions.

use core::time::Duration;
use std::format;
use std::os::fd::{AsFd, OwnedFd};
use std::string::ToString;
use std::vec::Vec;

use rustix::fs::{MemfdFlags, SealFlags};

use super::{Doorbell, MapError, Mapping, receive, send};
use crate::{EventRings, Futex, LayoutError, RegionRef, RegionSpec, Shared, SpecError, Wait};

const SPEC: RegionSpec =
    RegionSpec { slots: 2, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

fn copy_with(edit: impl FnOnce(&mut Vec<u8>), seals: SealFlags) -> OwnedFd {
    let mapping = Mapping::create(SPEC).expect("a small region");
    let mut bytes = std::vec![0; mapping.length() as usize];
    rustix::io::pread(mapping.fd(), &mut bytes[..], 0).expect("a readable file");
    edit(&mut bytes);
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = rustix::fs::memfd_create("forged", flags).expect("a memfd");
    assert_eq!(rustix::io::write(&fd, &bytes), Ok(bytes.len()));
    rustix::fs::fcntl_add_seals(&fd, seals).expect("a fresh memfd takes seals");
    fd
}

const SEALED: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

#[test]
fn what_was_created_can_be_opened() {
    let mapping = Mapping::create(SPEC).expect("a small region");
    let fd = mapping.fd().try_clone_to_owned().expect("a descriptor");
    let opened = Mapping::open(fd).expect("what was just created");
    assert_eq!(opened.spec(), SPEC);
    assert_eq!(opened.length(), mapping.length());
    mapping.reserve_slot(1).expect("memory for one slot");
    opened.reserve_heads(1).expect("memory for two heads");
}

#[test]
fn a_region_with_events_can_be_opened() {
    let rings = EventRings { outbox_bytes: 4096, inbox_bytes: 16384 };
    let mapping = Mapping::create_with_events(SPEC, Some(rings)).expect("a small region");
    let plain = Mapping::create(SPEC).expect("a small region");
    assert_eq!(mapping.length() - plain.length(), 4096 + 4096 + 16384, "words and two rings");
    let fd = mapping.fd().try_clone_to_owned().expect("a descriptor");
    let opened = Mapping::open(fd).expect("what was just created");
    assert_eq!((opened.spec(), opened.length()), (SPEC, mapping.length()));
    assert_eq!(opened.region().layout().event_rings(), Some(rings));
    assert_eq!(plain.region().layout().event_rings(), None);
    opened.reserve_outbox().expect("memory for a ring");
    mapping.reserve_inbox().expect("memory for a ring");
}

#[test]
fn nobody_can_resize_a_region() {
    let mapping = Mapping::create(SPEC).expect("a small region");
    assert!(rustix::fs::ftruncate(mapping.fd(), 0).is_err());
    assert!(rustix::fs::ftruncate(mapping.fd(), mapping.length() + 1).is_err());
    assert!(rustix::fs::fcntl_add_seals(mapping.fd(), SealFlags::WRITE).is_err());
}

#[test]
fn forged_regions_are_refused_with_both_values() {
    let open = |edit: fn(&mut Vec<u8>)| Mapping::open(copy_with(edit, SEALED)).expect_err("forged");
    let error = open(|bytes| bytes[0] = b'x');
    assert!(matches!(error, MapError::Layout(LayoutError::Magic(_))), "{error}");
    let error = open(|bytes| bytes[8] = 9);
    assert!(matches!(error, MapError::Layout(LayoutError::Major(9))), "{error}");
    assert!(error.to_string().contains("version 9") && error.to_string().contains("version 1"));
    let error = open(|bytes| bytes[12] = 3);
    assert!(matches!(error, MapError::Layout(LayoutError::Features(2))), "{error}");
    let error = open(|bytes| bytes[12] = 1);
    let rings = SpecError::RingBytes("outbox_bytes", 0);
    assert!(matches!(error, MapError::Layout(LayoutError::Spec(found)) if found == rings));
    let error = open(|bytes| bytes[136] = 1);
    assert!(matches!(error, MapError::Layout(LayoutError::Field { name: "outbox", .. })));
    let error = open(|bytes| bytes[16..20].fill(0));
    assert!(matches!(error, MapError::Layout(LayoutError::Spec(SpecError::Slots(0)))), "{error}");
    let error = open(|bytes| bytes[20..24].copy_from_slice(&4097_u32.to_le_bytes()));
    assert!(matches!(error, MapError::Layout(LayoutError::Spec(_))), "{error}");
    let error = open(|bytes| bytes[128] ^= 1);
    assert!(matches!(error, MapError::Layout(LayoutError::Field { .. })), "{error}");
    let error = open(|bytes| bytes.truncate(8192));
    assert!(matches!(error, MapError::Length { found: 8192, .. }), "{error}");
    let error = open(|bytes| bytes.truncate(10));
    assert!(matches!(error, MapError::Length { found: 10, .. }), "{error}");
    let unsealed = copy_with(|_| (), SealFlags::empty());
    assert!(matches!(Mapping::open(unsealed), Err(MapError::NotSealed)));
    let not_a_memfd = Doorbell::new().expect("a descriptor");
    let fd = not_a_memfd.as_fd().try_clone_to_owned().expect("a descriptor");
    assert!(matches!(Mapping::open(fd), Err(MapError::System(..))));
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let refuse = |spec: RegionSpec| match Mapping::create(spec) {
        Err(MapError::Spec(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refuse(RegionSpec { slots: 0, ..SPEC }), SpecError::Slots(0));
    assert_eq!(refuse(RegionSpec { slots: 1 << 20, ..SPEC }), SpecError::Slots(1 << 20));
    assert_eq!(refuse(RegionSpec { head_bytes: 0, ..SPEC }), SpecError::HeadBytes(0));
    assert_eq!(refuse(RegionSpec { head_bytes: 5000, ..SPEC }), SpecError::HeadBytes(5000));
    for bytes in [0, 5000, 1 << 25] {
        let error = refuse(RegionSpec { request_bytes: bytes, ..SPEC });
        assert_eq!(error, SpecError::RingBytes("request_bytes", bytes));
        let error = refuse(RegionSpec { response_bytes: bytes, ..SPEC });
        assert!(format!("{error}").contains(&bytes.to_string()), "{error}");
    }
    let huge = RegionSpec { slots: 16_384, request_bytes: 16 << 20, ..SPEC };
    assert!(matches!(refuse(huge), SpecError::Total(_)));
}

#[test]
fn descriptors_travel_with_bytes() {
    let (left, right) = std::os::unix::net::UnixStream::pair().expect("a socket pair");
    let bell = Doorbell::new().expect("a descriptor");
    assert_eq!(send(&left, b"hello", &[bell.as_fd(), left.as_fd()]).expect("room"), 5);
    let (mut bytes, mut fds) = ([0; 16], Vec::new());
    assert_eq!(receive(&right, &mut bytes, &mut fds).expect("it was sent"), 5);
    assert_eq!((&bytes[..5], fds.len()), (&b"hello"[..], 2));
    let theirs = Doorbell::from(fds.remove(0));
    assert!(!theirs.drain());
    bell.ring();
    bell.ring();
    assert!(theirs.drain());
    assert!(!theirs.drain());
}

#[test]
fn a_worker_cannot_hold_up_who_rings_its_doorbell() {
    let (ringer, bell) = Doorbell::pair().expect("two descriptors");
    assert!(!bell.drain());
    ringer.ring();
    assert!(bell.drain());
    assert!(!bell.drain());
    // What the worker may do to its end: have its calls block, and never read.
    let flags = rustix::fs::OFlags::empty();
    rustix::fs::fcntl_setfl(&bell, flags).expect("its own descriptor");
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..10_000 {
            ringer.ring();
        }
        drop(ringer);
        let _ = done.send(());
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("ringing does not wait");
    assert!(bell.drain());
}

#[test]
fn a_futex_reaches_a_sleeper_through_another_mapping() {
    let theirs = Mapping::create(SPEC).expect("a small region");
    let fd = theirs.fd().try_clone_to_owned().expect("a descriptor");
    let ours = Mapping::open(fd).expect("what was just created");
    let hub_bell = |mapping: &Mapping| -> *const Futex {
        core::ptr::from_ref(crate::RegionRef::region(mapping).hub_bell()).cast()
    };
    assert_ne!(hub_bell(&theirs), hub_bell(&ours), "two mappings of one word");
    std::thread::scope(|scope| {
        scope.spawn(|| crate::RegionRef::region(&ours).hub_bell().park::<Shared>(None));
        // The signal may come before the sleep or after: the waiter keeps it either way.
        let watched = crate::RegionRef::region(&theirs).hub_bell().signal::<Shared>();
        assert!(!watched);
    });
}

#[test]
fn a_wait_ends_with_its_timeout() {
    let futex = Futex::default();
    assert!(!Shared::wait(&futex, 0, Some(Duration::from_millis(1))));
    assert!(Shared::wait(&futex, 1, None), "another value does not sleep");
    #[cfg(feature = "private")]
    {
        use crate::Private;
        assert!(!Private::wait(&futex, 0, Some(Duration::from_millis(1))));
        assert!(Private::wait(&futex, 1, None), "another value does not sleep");
        Private::wake(&futex, 1);
        Private::wake(&futex, 2);
    }
}
