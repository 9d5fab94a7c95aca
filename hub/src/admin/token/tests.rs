use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn file(name: &str, mode: u32, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("slotway-token-{}-{name}", std::process::id()));
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn read(name: &str, mode: u32, text: &str) -> Result<Token, String> {
    let path = file(name, mode, text);
    let token = Token::read(&path);
    fs::remove_file(path).unwrap();
    token
}

#[test]
fn the_first_line_is_the_token() {
    let token = read("good", 0o640, &format!("{TOKEN}\r\n# the admin surface\n")).unwrap();
    for value in [format!("Bearer {TOKEN}"), format!("bEARER  {TOKEN}")] {
        assert!(token.is(value.as_bytes()), "{value}");
    }
    for value in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        TOKEN.to_owned(),
        format!("Basic {TOKEN}"),
        format!("Bearer {TOKEN}0"),
        format!("Bearer {}", &TOKEN[1..]),
        format!("Bearer {}", TOKEN.to_uppercase()),
    ] {
        assert!(!token.is(value.as_bytes()), "{value}");
    }
    assert!(!format!("{token:?}").contains(TOKEN));
}

#[test]
fn a_file_that_is_no_secret_is_refused_with_what_to_do() {
    let refused = |name, mode, text| read(name, mode, text).unwrap_err();
    assert!(refused("open", 0o644, TOKEN).contains("mode 0644"));
    assert!(refused("short", 0o600, "secret\n").contains("6 bytes"));
    assert!(refused("empty", 0o600, "").contains("0 bytes"));
    assert!(refused("odd", 0o600, "a token with spaces in it").contains("openssl"));
    let missing = Token::read(Path::new("/nowhere/token")).unwrap_err();
    assert!(missing.contains("/nowhere/token"), "{missing}");
}
