//! The dashboard: one file, which asks for everything else as any program does.

use std::borrow::Cow;

use axum::Extension;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::guard::Way;

const PAGE: &str = include_str!("dashboard.html");

/// Its paths.
pub(super) const PATHS: [&str; 2] = ["/", "/dashboard"];

/// Whether a path is its.
pub(super) fn is(path: &str) -> bool {
    PATHS.contains(&path)
}

/// The page. Where a token is wanted it is told so, and asks for it before anything else.
pub(super) async fn page(Extension(way): Extension<Way>) -> Response {
    let page = match way {
        Way::Socket => Cow::from(PAGE),
        Way::Tcp(_) => PAGE.replacen("<html ", "<html data-token=\"wanted\" ", 1).into(),
    };
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy().clone());
    response
}

/// Its own style and script, by their hashes, its own icon, and questions to where it
/// came from; nothing else.
fn policy() -> &'static HeaderValue {
    use std::sync::OnceLock;
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    POLICY.get_or_init(|| {
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src \
             'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'",
            hash("script"),
            hash("style"),
        );
        // Hashes are base64.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    })
}

/// The hash of the only element of that name, as a policy wants it.
fn hash(element: &str) -> String {
    use base64::Engine;
    use ring::digest::{SHA256, digest};
    let text = PAGE
        .split_once(&format!("<{element}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")))
        .map_or("", |(text, _)| text);
    let digest = digest(&SHA256, text.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_what_the_page_holds_and_nothing_from_elsewhere() {
        let policy = policy().to_str().unwrap();
        assert!(policy.contains("script-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(PAGE.matches("<script").count(), 1);
        assert_eq!(PAGE.matches("<style").count(), 1);
        assert!(!PAGE.contains(" style=\""), "the policy forbids styles of single elements");
        assert!(!PAGE.contains("https://"), "the page is whole");
    }
}
