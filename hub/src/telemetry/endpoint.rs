//! Where the collector is.

use http::Uri;

/// Where OTLP over HTTP has traces (OpenTelemetry Protocol, "OTLP/HTTP request").
const PATH: &str = "/v1/traces";

/// A collector's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    /// As in the `host` header.
    pub(super) authority: String,
    pub(super) path: String,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Endpoint, String> {
        let refuse = |what: &str| {
            Err(format!(
                "telemetry.endpoint: {text:?} {what}; write one as in http://127.0.0.1:4318"
            ))
        };
        let Ok(uri) = text.parse::<Uri>() else { return refuse("is no address") };
        let Some(authority) = uri.authority().filter(|_| uri.scheme_str() == Some("http")) else {
            return refuse("is not spoken to; spans go over plain HTTP, to a collector nearby");
        };
        if uri.query().is_some() || authority.as_str().contains('@') {
            return refuse("has more than a host, a port and a path");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Endpoint {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(4318),
            authority: authority.to_string(),
            path: format!("{}{PATH}", uri.path().trim_end_matches('/')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_a_port_and_a_base() {
        let endpoint = Endpoint::parse("http://127.0.0.1:4318").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("127.0.0.1", 4318));
        assert_eq!(endpoint.path, "/v1/traces");
        let endpoint = Endpoint::parse("http://[::1]/otlp/").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("::1", 4318));
        assert_eq!(endpoint.path, "/otlp/v1/traces");
        for bad in ["", "127.0.0.1:4318", "https://collector", "http://a@b", "http://a/?b", "/x"] {
            let error = Endpoint::parse(bad).unwrap_err();
            assert!(error.contains("http://127.0.0.1:4318"), "{error}");
        }
    }
}
