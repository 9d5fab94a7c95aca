//! The header of a region that somebody hands over.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use arbitrary::{Result, Unstructured};
use rustix::fs::{MemfdFlags, SealFlags};
use slotway_core::map::Mapping;
use slotway_core::{Layout, RegionHeader, RegionRef, RegionSpec};

const HEADER_BYTES: usize = size_of::<RegionHeader>();
/// What a file may have here: more would be tried by nobody but the test.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A file that begins with any bytes is refused or is a region, whose every part lies in
/// the file. The header begins as a good one, so that single fields are tried by themselves.
pub fn region_header(data: &[u8]) {
    let _ = open(&mut Unstructured::new(data));
}

fn open(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = RegionSpec {
        slots: u.int_in_range(1..=300)?,
        head_bytes: 4096 * u.int_in_range(1..=3)?,
        request_bytes: 4096 << u.int_in_range(0..=2)?,
        response_bytes: 4096 << u.int_in_range(0..=2)?,
    };
    let layout = Layout::new(spec).expect("sizes in range");
    let mut bytes = encoded(&layout.header());
    let changes: u8 = u.int_in_range(0..=4)?;
    for _ in 0..changes {
        let at = u.int_in_range(0..=HEADER_BYTES - 1)?;
        let new: &[u8] = u.arbitrary()?;
        let count = new.len().min(HEADER_BYTES - at);
        bytes[at..at + count].copy_from_slice(&new[..count]);
    }
    let length = match u.arbitrary()? {
        true => layout.length() as u64,
        false => u.int_in_range(0..=FILE_BYTES_MAX)?,
    };
    let seals = match u.ratio(1, 8)? {
        true => SealFlags::from_bits_truncate(u.arbitrary()?),
        false => SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    };
    let Some(fd) = file(&bytes, length, seals) else { return Ok(()) };
    match Mapping::open(fd) {
        Ok(mapping) => {
            let found = mapping.region().layout();
            assert_eq!(found.length() as u64, length, "the whole file and nothing more");
            assert!(seals.contains(SealFlags::SHRINK | SealFlags::GROW), "nobody resizes it");
            // The minor version may be a newer one; everything else follows from the sizes.
            let minor = u16::from_le_bytes([bytes[10], bytes[11]]);
            assert_eq!(encoded(&RegionHeader { layout_minor: minor, ..found.header() }), bytes);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

fn encoded(header: &RegionHeader) -> [u8; HEADER_BYTES] {
    // SAFETY: RegionHeader is `repr(C)` of integers with no padding.
    unsafe { std::mem::transmute(*header) }
}

/// `None`: the system has no such file, or no such seals.
fn file(header: &[u8], length: u64, seals: SealFlags) -> Option<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = File::from(rustix::fs::memfd_create("region", flags).ok()?);
    let within = header.len().min(length as usize);
    file.write_all_at(&header[..within], 0).ok()?;
    file.set_len(length).ok()?;
    rustix::fs::fcntl_add_seals(&file, seals).ok()?;
    Some(file.into())
}
