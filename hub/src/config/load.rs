//! From the file, the environment and the flags to one configuration.
//!
//! Defaults come first, the file goes over them, the environment over the file and the
//! flags over the environment. A list is replaced as a whole, never added to. For each
//! value its source is kept, so that what is wrong is told where it was written.

mod file;
mod mistake;
mod nearest;
mod place;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use self::mistake::{Mistake, Mistakes};
use self::place::Document;
use super::codec::{Codec, Of};
use super::schema::Key;
use super::{Address, Config, Fault, Listen, Tls};

/// Bytes of a file at most. Who names a device by mistake should be told, and not wait.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// The file, in this line.
    File(usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(String),
}

/// Where each value comes from, by its key. What is not in it has its default.
pub(crate) type Sources = BTreeMap<String, Source>;

/// Everything that was said about the configuration, not yet read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// The file.
    pub(crate) file: Option<PathBuf>,
    /// Values from environment and flags, in the order in which they are applied.
    pub(crate) settings: Vec<Setting>,
    /// Addresses, in place of all listeners.
    pub(crate) listen: Option<(String, Source)>,
    /// A certificate for the TCP listeners that have none.
    pub(crate) certificate: Option<(PathBuf, Source)>,
    /// Its key.
    pub(crate) key: Option<(PathBuf, Source)>,
}

/// One value from environment or flags.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) path: String,
    pub(crate) key: &'static Key<Config>,
    pub(crate) text: String,
    pub(crate) source: Source,
}

/// A configuration, and where it comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) sources: Sources,
    /// The file, if there is one.
    document: Option<Document>,
}

impl Given {
    /// Reads everything and checks it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each with its place.
    pub(crate) fn load(&self) -> Result<Loaded, Mistakes> {
        let mut config = Config::default();
        let mut mistakes = Mistakes::default();
        let mut sources = Sources::new();
        let document = match &self.file {
            Some(path) => Some(open(path)?.read_into(&mut config, &mut sources, &mut mistakes)),
            None => None,
        };
        self.finish(config, sources, mistakes, document)
    }

    /// Goes over what the file said, and checks the whole.
    fn finish(
        &self,
        mut config: Config,
        mut sources: Sources,
        mut mistakes: Mistakes,
        document: Option<Document>,
    ) -> Result<Loaded, Mistakes> {
        for setting in &self.settings {
            match (setting.key.set)(&mut config, &setting.text) {
                Ok(()) => {
                    sources.insert(setting.path.clone(), setting.source.clone());
                }
                Err(words) => mistakes.add(Mistake::without_place(&setting.source, &words)),
            }
        }
        self.listen(&mut config, &mut sources, &mut mistakes);
        self.tls(&mut config, &mut sources, &mut mistakes);
        let loaded = Loaded { config, sources, document };
        // What did not parse has its default, which would only confuse the check.
        if mistakes.is_empty()
            && let Err(faults) = loaded.config.check()
        {
            for fault in faults.iter() {
                mistakes.add(loaded.mistake(fault));
            }
        }
        mistakes.into_result().map(|()| loaded)
    }

    fn listen(&self, config: &mut Config, sources: &mut Sources, mistakes: &mut Mistakes) {
        let Some((text, source)) = &self.listen else { return };
        let mut listeners = Vec::new();
        for address in text.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            match Of::<Address>::text(address) {
                Ok(address) => listeners.push(Listen::plain(address)),
                Err(words) => mistakes.add(Mistake::without_place(source, &words)),
            }
        }
        sources.retain(|key, _| !(key == "listen" || key.starts_with("listen[")));
        sources.insert("listen".to_owned(), source.clone());
        config.listen = listeners;
    }

    fn tls(&self, config: &mut Config, sources: &mut Sources, mistakes: &mut Mistakes) {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return,
            (Some(certificate), Some(key)) => (certificate, key),
            (Some((_, source)), None) => {
                return mistakes.add(Mistake::without_place(
                    source,
                    "there is no key with it; name its file with --tls-key too",
                ));
            }
            (None, Some((_, source))) => {
                return mistakes.add(Mistake::without_place(
                    source,
                    "there is no certificate with it; name its file with --tls-cert too",
                ));
            }
        };
        let mut used = false;
        for (index, listen) in config.listen.iter_mut().enumerate() {
            if listen.tls.is_some() || !matches!(listen.address, Address::Tcp(_)) {
                continue;
            }
            used = true;
            listen.tls = Some(Tls { certificate: certificate.0.clone(), key: key.0.clone() });
            sources.insert(format!("listen[{index}].certificate"), certificate.1.clone());
            sources.insert(format!("listen[{index}].key"), key.1.clone());
        }
        if !used {
            mistakes.add(Mistake::without_place(
                &certificate.1,
                "no listener takes it: it is for TCP addresses that name no certificate of their \
                 own",
            ));
        }
    }
}

impl Loaded {
    /// The file's name.
    pub(super) fn name(&self) -> &str {
        self.document.as_ref().map_or("", |document| &document.name)
    }

    /// Reads a file of this text and nothing else.
    #[cfg(test)]
    pub(super) fn of_text(name: &str, text: &str) -> Result<Loaded, String> {
        let (mut config, mut sources, mut mistakes) = Default::default();
        let document = Document::new(name.to_owned(), text.to_owned()).read_into(
            &mut config,
            &mut sources,
            &mut mistakes,
        );
        let loaded = Given::default().finish(config, sources, mistakes, Some(document));
        loaded.map_err(|mistakes| mistakes.to_string())
    }

    /// Reads a file that need not be one that can be.
    #[cfg(test)]
    pub(super) fn unchecked(text: &str) -> Result<Loaded, String> {
        let (mut config, mut sources, mut mistakes) = Default::default();
        let document = Document::new(String::new(), text.to_owned()).read_into(
            &mut config,
            &mut sources,
            &mut mistakes,
        );
        mistakes.into_result().map_err(|mistakes| mistakes.to_string())?;
        Ok(Loaded { config, sources, document: Some(document) })
    }

    /// Looks at every file that the configuration names.
    ///
    /// # Errors
    ///
    /// Those that cannot be used, each where it is named.
    pub(crate) fn check_files(&self) -> Result<(), Mistakes> {
        let mistakes: Mistakes =
            self.config.check_files().iter().map(|fault| self.mistake(fault)).collect();
        mistakes.into_result()
    }

    /// Where the values come from, in one line.
    pub(crate) fn origins(&self) -> String {
        let mut file = 0;
        let mut others = Vec::new();
        for (key, source) in &self.sources {
            match source {
                Source::Default => {}
                // A list counts once, and so does each of its items' keys.
                Source::File(_) if key.ends_with(']') => {}
                Source::File(_)
                    if self
                        .sources
                        .keys()
                        .any(|other| other.starts_with(&format!("{key}[0]."))) => {}
                Source::File(_) => file += 1,
                Source::Environment(_) | Source::Flag(_) => others.push(source.to_string()),
            }
        }
        others.sort();
        others.dedup();
        let file = match (&self.document, file) {
            (None, _) => "no file".to_owned(),
            (Some(document), 1) => format!("1 key from {}", document.name),
            (Some(document), file) => format!("{file} keys from {}", document.name),
        };
        match others.is_empty() {
            true => format!("{file}, everything else by default"),
            false => format!("{file}, then {}, everything else by default", others.join(", ")),
        }
    }

    /// Puts a fault where it was written.
    pub(crate) fn mistake(&self, fault: &Fault) -> Mistake {
        match (source(&self.sources, &fault.key), &self.document) {
            (Source::Default | Source::File(_), Some(document)) => document.mistake(fault),
            (Source::Default | Source::File(_), None) => Mistake::new(fault),
            (source, _) => Mistake::without_place(source, &fault.words),
        }
    }
}

/// Where a value comes from; a part of a list from where the list does.
pub(crate) fn source<'s>(sources: &'s Sources, key: &str) -> &'s Source {
    static DEFAULT: Source = Source::Default;
    around(key).find_map(|key| sources.get(key)).unwrap_or(&DEFAULT)
}

/// A key, then what it is a part of, from the inside out: `a[0].b`, `a[0]`, `a`.
fn around(key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(key), |key| key.rfind(['.', '[']).map(|at| &key[..at]))
}

fn open(path: &Path) -> Result<Document, Mistakes> {
    let name = path.display();
    let fail = |words: String| Err(Mistakes::one(Mistake::of_file(format!("{name}: {words}"))));
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return fail(format!(
            "cannot be read: {error}; name another file with --config, or make one with slotway \
             init"
        ));
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return fail(format!("has more than {FILE_BYTES_MAX} bytes; is it the right file?"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Document::new(name.to_string(), text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good].iter().filter(|&&b| b == b'\n').count() + 1;
            fail(format!("line {line} is not UTF-8; write it so"))
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(line) => write!(f, "line {line}"),
            Source::Environment(name) => f.write_str(name),
            Source::Flag(name) => write!(f, "--{name}"),
        }
    }
}

#[cfg(test)]
mod tests;
