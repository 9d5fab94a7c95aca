//! The files that a configuration names, looked at before anything listens.

use std::io;
use std::path::Path;

use super::{Config, Fault};
use crate::admin::Token;

impl Config {
    /// Opens every file that the configuration names, and says what is wrong with any.
    pub(crate) fn check_files(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut check = |key: String, checked: Result<(), String>| {
            if let Err(words) = checked {
                faults.push(Fault { key, words });
            }
        };
        for (index, listen) in self.listen.iter().enumerate() {
            let Some(tls) = &listen.tls else { continue };
            check(format!("listen[{index}].certificate"), readable(&tls.certificate));
            check(format!("listen[{index}].key"), readable(&tls.key));
        }
        if let (Some(_), Some(path)) = (self.admin.listen, &self.admin.token_file) {
            check("admin.token-file".to_owned(), Token::read(path).map(drop));
        }
        faults
    }
}

fn readable(path: &Path) -> Result<(), String> {
    let read = std::fs::File::open(path).and_then(|file| match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is no file")),
    });
    read.map_err(|error| {
        format!("{} cannot be read: {error}; name a file that is there", path.display())
    })
}
