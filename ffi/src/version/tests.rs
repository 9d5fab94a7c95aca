use super::{SLOTWAY_ABI_VERSION, SLOTWAY_VERSION, slotway_abi_version};

/// The texts follow the manifest.
#[test]
fn versions_agree() {
    assert_eq!(SLOTWAY_VERSION.to_str(), Ok(env!("CARGO_PKG_VERSION")));
    assert_eq!(slotway_abi_version(), SLOTWAY_ABI_VERSION);
    let script = include_str!("../../build.rs");
    let soname = format!("libslotway.so.{}", SLOTWAY_ABI_VERSION >> 16);
    assert!(script.contains(&soname), "build.rs does not set the soname {soname}");
}
