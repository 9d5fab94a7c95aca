//! The arguments, the same for both workers.

use std::path::PathBuf;

pub(super) struct Args {
    pub(super) hub: PathBuf,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) threads: usize,
}

impl Args {
    pub(super) fn parse() -> Args {
        let mut args = Args {
            hub: PathBuf::new(),
            name: "conformance".to_owned(),
            prefix: String::new(),
            threads: 4,
        };
        let mut given = std::env::args().skip(1);
        while let (Some(flag), Some(value)) = (given.next(), given.next()) {
            match flag.as_str() {
                "--hub" => args.hub = value.into(),
                "--name" => args.name = value,
                "--prefix" => args.prefix = value,
                "--threads" => args.threads = value.parse().expect("a number of threads"),
                other => panic!("no such flag: {other}"),
            }
        }
        args
    }
}
