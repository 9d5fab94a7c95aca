use super::*;
use crate::config::load::Loaded;
use crate::config::schema::{keys, path};

#[track_caller]
fn read(text: &str) -> Config {
    Loaded::of_text("sample", text).unwrap_or_else(|words| panic!("{words}\n{text}")).config
}

#[test]
fn as_it_is_written_it_sets_nothing() {
    assert_eq!(read(&sample()), Config::default());
}

/// Goal: every key is in it, and every line can be used by taking its # away.
#[test]
fn with_all_comments_taken_away_every_key_has_its_default_or_its_example() {
    let text: String = sample()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                format!("{setting}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let (config, default) = (read(&text), Config::default());
    for (table, key) in keys() {
        let name = path(table.name, key.name);
        let shown = (key.show)(&config).unwrap_or_else(|| panic!("{name} is not in the file"));
        match (key.show)(&default) {
            Some(by_default) => assert_eq!(shown, by_default, "{name}"),
            None => assert_eq!(Some(shown.as_str()), key.example, "{name}"),
        }
    }
    assert_eq!(config.listen, default.listen);
    for key in ROUTE.keys {
        assert_eq!((key.show)(&config.routes[0]).as_deref(), key.example, "{}", key.name);
    }
    for key in WORKER.keys {
        assert_eq!((key.show)(&config.programs[0]).as_deref(), key.example, "{}", key.name);
    }
}

#[test]
fn the_example_of_a_listener_can_be_used_too() {
    let text: String = sample()
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .fold(String::new(), |text, line| text + line + "\n");
    let config = read(&text);
    for key in LISTEN.keys {
        assert_eq!((key.show)(&config.listen[0]).as_deref(), key.example, "{}", key.name);
    }
}
