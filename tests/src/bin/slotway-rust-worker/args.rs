//! The arguments, the same for both workers.

use std::path::PathBuf;

pub(super) struct Args {
    /// Where the hub is; what the environment says without.
    pub(super) hub: Option<PathBuf>,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) threads: usize,
    /// Exchanges at a time, if not as many as the region has slots.
    pub(super) max_concurrent: Option<u32>,
}

impl Args {
    pub(super) fn parse() -> Args {
        let mut args = Args {
            hub: None,
            name: "conformance".to_owned(),
            prefix: String::new(),
            threads: 4,
            max_concurrent: None,
        };
        let mut given = std::env::args().skip(1);
        while let (Some(flag), Some(value)) = (given.next(), given.next()) {
            match flag.as_str() {
                "--hub" => args.hub = Some(value.into()),
                "--name" => args.name = value,
                "--prefix" => args.prefix = value,
                "--threads" => args.threads = value.parse().expect("a number of threads"),
                "--max-concurrent" => {
                    args.max_concurrent = Some(value.parse().expect("a number of exchanges"));
                }
                other => panic!("no such flag: {other}"),
            }
        }
        args
    }
}
