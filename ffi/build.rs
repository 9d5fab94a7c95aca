//! How the shared library is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The ABI's major version.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libslotway.so.0");
    // A worker's thread may still run its code when somebody calls dlclose.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
