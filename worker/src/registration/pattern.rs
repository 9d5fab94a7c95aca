//! The rules of patterns. The hub has the last word; these are its rules so far as they
//! concern one pattern by itself.

const PATTERN_BYTES_MAX: usize = 1024;
const PARAMS_MAX: usize = 16;
const PARAM_BYTES_MAX: usize = 64;

/// Checks a pattern; gives the end of a sentence that began with it.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!(
            "has {} bytes; a pattern has at most {PATTERN_BYTES_MAX}",
            pattern.len()
        ));
    }
    let Some(path) = pattern.strip_prefix('/') else {
        return Err("does not begin with '/'; put one in front".to_owned());
    };
    let unfit = |c: &char| !c.is_ascii_graphic() || matches!(c, '?' | '#');
    if let Some(c) = path.chars().find(unfit) {
        return Err(format!(
            "holds {c:?}; a pattern is a path of visible ASCII characters without query, \
             percent-encode what is not"
        ));
    }
    let mut names = Vec::new();
    let mut rest = false;
    for segment in path.split('/') {
        if rest {
            return Err("goes on after {*name}; only the last segment may catch the rest".into());
        }
        let Some(inner) = parameter(segment) else {
            check_literal(segment)?;
            continue;
        };
        rest = inner.starts_with('*');
        let name = inner.strip_prefix('*').unwrap_or(inner);
        check_param(name)?;
        if names.contains(&name) {
            return Err(format!("names two parameters {name:?}; give them different names"));
        }
        names.push(name);
    }
    if names.len() > PARAMS_MAX {
        return Err(format!(
            "has more than {PARAMS_MAX} parameters; catch the rest with {{*name}}"
        ));
    }
    Ok(())
}

/// What stands between the braces of a segment that is one parameter.
fn parameter(segment: &str) -> Option<&str> {
    if segment.starts_with("{{") {
        return None;
    }
    let inner = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.contains(['{', '}'])).then_some(inner)
}

/// In a literal every brace is doubled.
fn check_literal(segment: &str) -> Result<(), String> {
    let mut chars = segment.chars();
    while let Some(c) = chars.next() {
        if matches!(c, '{' | '}') && chars.next() != Some(c) {
            return Err(format!(
                "has a stray brace in the segment {segment:?}; a parameter is a whole segment \
                 like {{name}}, and a literal brace is written twice"
            ));
        }
    }
    Ok(())
}

fn check_param(name: &str) -> Result<(), String> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if starts && fits && name.len() <= PARAM_BYTES_MAX {
        return Ok(());
    }
    Err(format!(
        "has a parameter named {name:?}; a name is 1 to {PARAM_BYTES_MAX} letters, digits or '_' \
         and does not begin with a digit"
    ))
}
