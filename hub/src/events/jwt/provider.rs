//! The three algorithms by ring, which is here for TLS already: the library for tokens has
//! none of its own unless it is told to bring a second one.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it what tokens are verified by in this process, unless whoever runs the hub inside
/// another program has chosen already.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let public = |family, by: &'static dyn VerificationAlgorithm| -> Result<Key> {
        // A key is never used as one of another kind.
        if key.family() != family {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        Ok(Key::Public(by, key.try_get_as_bytes()?.to_vec()))
    };
    let made = match algorithm {
        Algorithm::HS256 if key.family() == AlgorithmFamily::Hmac => {
            Key::Secret(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))
        }
        Algorithm::RS256 => public(AlgorithmFamily::Rsa, &RSA_PKCS1_2048_8192_SHA256)?,
        Algorithm::ES256 => public(AlgorithmFamily::Ec, &ECDSA_P256_SHA256_FIXED)?,
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    Ok(Box::new(By { algorithm: *algorithm, key: made }))
}

struct By {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Secret(hmac::Key),
    Public(&'static dyn VerificationAlgorithm, Vec<u8>),
}

impl Verifier<Vec<u8>> for By {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let verified = match &self.key {
            // In constant time.
            Key::Secret(key) => hmac::verify(key, message, tag),
            Key::Public(by, key) => UnparsedPublicKey::new(*by, key).verify(message, tag),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for By {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
