//! Gives the shared library its soname: the ABI's major version.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libslotway.so.0");
}
