//! The files that a configuration names, looked at before anything listens.

use super::{Config, Fault};
use crate::admin::Token;
use crate::error::HubError;
use crate::events::Doors;
use crate::front::check_tls;

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
            if let Err(error) = check_tls(tls) {
                let of_key = matches!(&error, HubError::Tls { path, .. } if *path == tls.key);
                let name = if of_key { "key" } else { "certificate" };
                check(format!("listen[{index}].{name}"), Err(error.to_string()));
            }
        }
        if let (Some(_), Some(path)) = (self.admin.listen, &self.admin.token_file) {
            check("admin.token-file".to_owned(), Token::read(path).map(drop));
        }
        if self.events.path.is_some()
            && let Err(words) = Doors::read(self)
        {
            let of_key = self
                .events
                .jwt
                .key_file
                .as_ref()
                .is_some_and(|path| words.contains(&format!("key file {}", path.display())));
            let key = if of_key { "events.jwt-key-file" } else { "events.token-file" };
            faults.push(Fault { key: key.to_owned(), words });
        }
        faults
    }
}
