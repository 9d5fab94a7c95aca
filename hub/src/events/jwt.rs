//! JSON Web Tokens (RFC 7519) as proof of what a client may.
//!
//! The configuration says by which algorithm tokens are signed. A token that names another
//! one is refused before its signature is looked at, and the key is made for that algorithm
//! alone: a public key is never taken for a secret. A token without an end is refused, too.

mod key;
mod provider;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

use super::rights::Rights;
use crate::bus::Pattern;
use crate::config::{Jwt, JwtAlgorithm};

/// Bytes of a token at most.
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// Patterns that a token may list.
const PATTERNS_MAX: usize = 256;

/// Judges tokens.
pub(super) struct Verifier {
    config: Jwt,
    /// As it is in the file, to tell whether it is another one.
    bytes: Vec<u8>,
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// Reads the key.
    ///
    /// # Errors
    ///
    /// A sentence that names the file, what is wrong with it and what to do.
    pub(super) fn read(config: &Jwt) -> Result<Verifier, String> {
        let path = config.key_file.as_ref().ok_or("events.jwt-key-file is not set")?;
        let bytes = key::read(path, config.algorithm)
            .map_err(|what| format!("the key file {} {what}", path.display()))?;
        Ok(Verifier::new(config.clone(), bytes))
    }

    fn new(config: Jwt, bytes: Vec<u8>) -> Verifier {
        provider::install();
        let (algorithm, key) = match config.algorithm {
            JwtAlgorithm::Hs256 => (Algorithm::HS256, DecodingKey::from_secret(&bytes)),
            JwtAlgorithm::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_der(&bytes)),
            JwtAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_der(&bytes)),
        };
        let mut validation = Validation::new(algorithm);
        validation.leeway = config.leeway.as_secs();
        validation.validate_nbf = true;
        // A claim that is compared has to be there.
        let mut required = vec!["exp"];
        if let Some(issuer) = &config.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if !config.audience.is_empty() {
            validation.set_audience(&config.audience);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        Verifier { config, bytes, key, validation }
    }

    /// What a token's claims give, if it counts; else why it does not.
    pub(super) fn verify(&self, token: &[u8]) -> Result<Rights, &'static str> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err("it is too long");
        }
        let token = decode::<Map<String, Value>>(token, &self.key, &self.validation);
        let claims = token.map_err(|error| words(error.kind()))?.claims;
        let end = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        // What is beyond this never comes.
        let end = Duration::from_secs_f64(end.clamp(0.0, 1e11)) + self.config.leeway;
        Ok(Rights {
            topics: Some(self.topics(&claims)?),
            principal: self.principal(&claims)?,
            until: UNIX_EPOCH.checked_add(end),
        })
    }

    fn topics(&self, claims: &Map<String, Value>) -> Result<Vec<Pattern>, &'static str> {
        const WRONG: &str = "the claim of its topics is neither a list of patterns nor text";
        let texts: Vec<&str> = match claims.get(&self.config.topics_claim) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text.split_ascii_whitespace().collect(),
            Some(Value::Array(items)) => {
                items.iter().map(Value::as_str).collect::<Option<_>>().ok_or(WRONG)?
            }
            Some(_) => return Err(WRONG),
        };
        if texts.len() > PATTERNS_MAX {
            return Err("it lists too many patterns");
        }
        // What is no pattern, such as a scope for somebody else, gives no right.
        Ok(texts.into_iter().filter_map(|text| Pattern::new(text).ok()).collect())
    }

    fn principal(&self, claims: &Map<String, Value>) -> Result<Option<Arc<str>>, &'static str> {
        match claims.get(&self.config.principal_claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) if name.is_empty() => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.as_str().into())),
            Some(_) => Err("the claim of its principal is no text"),
        }
    }

    /// Whether both take the same tokens for the same.
    pub(super) fn is_same(&self, other: &Verifier) -> bool {
        self.config == other.config && self.bytes == other.bytes
    }
}

/// Why a token does not count, for whoever has it: nothing of the hub's own.
fn words(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::ExpiredSignature => "its time is over",
        ErrorKind::ImmatureSignature => "its time has not come",
        ErrorKind::InvalidSignature => "its signature is not by the key of this hub",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            "it is not signed by the algorithm that this hub takes"
        }
        ErrorKind::InvalidIssuer => "it was issued by somebody else",
        ErrorKind::InvalidAudience => "it is for somebody else",
        ErrorKind::MissingRequiredClaim(claim) if claim == "exp" => "it has no end (exp)",
        ErrorKind::MissingRequiredClaim(_) => "a claim that has to be there is not",
        ErrorKind::InvalidClaimFormat(_) => "a claim of it is not as it has to be",
        _ => "it is no JSON Web Token",
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("algorithm", &self.config.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
