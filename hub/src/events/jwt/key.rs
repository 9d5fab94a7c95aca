//! The key that tokens are verified with, from its file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::pki_types::SubjectPublicKeyInfoDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::config::JwtAlgorithm;

/// A secret has as many bytes as its hash at least (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
const FILE_BYTES_MAX: u64 = 64 << 10;

/// How a public key on P-256 begins (RFC 5480): what follows is the point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const POINT_BYTES: usize = 65;
/// What an RSA key says of its algorithm (RFC 3279, section 2.3.1).
const RSA: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Reads what signatures are verified with: the secret, the RSA key as PKCS#1, or the point.
///
/// # Errors
///
/// The rest of a sentence that begins with the file.
pub(super) fn read(path: &Path, algorithm: JwtAlgorithm) -> Result<Vec<u8>, String> {
    let failed = |error| format!("cannot be read: {error}");
    let mut file = File::open(path).map_err(failed)?;
    // Of the open file, which nobody can exchange any more.
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    match algorithm {
        JwtAlgorithm::Hs256 if mode & 0o007 != 0 => Err(format!(
            "has mode {mode:04o}, so every user of this machine may sign tokens; chmod it to \
             0600, and write a new secret into it"
        )),
        JwtAlgorithm::Hs256 => secret(&bytes),
        JwtAlgorithm::Rs256 | JwtAlgorithm::Es256 => public(&bytes, algorithm),
    }
}

fn secret(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes.starts_with(b"-----BEGIN") {
        return Err("holds a PEM, and a secret is no PEM; HS256 with a public key as its secret \
                    would let everybody sign. Write jwt-algorithm = \"RS256\" or \"ES256\""
            .to_owned());
    }
    // An editor ends the last line.
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.len() < SECRET_BYTES_MIN {
        return Err(format!(
            "holds a secret of {} bytes; write one of {SECRET_BYTES_MIN} or more, as from \
             `openssl rand -hex 32`",
            bytes.len()
        ));
    }
    Ok(bytes.to_vec())
}

fn public(pem: &[u8], algorithm: JwtAlgorithm) -> Result<Vec<u8>, String> {
    let info = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| {
        "holds no public key as PEM; it begins with -----BEGIN PUBLIC KEY-----, as from `openssl \
         pkey -pubout`"
            .to_owned()
    })?;
    let info = info.as_ref();
    let (key, what) = match algorithm {
        JwtAlgorithm::Es256 => (p256(info), "ES256 takes one on P-256"),
        _ => (rsa(info), "RS256 takes one of RSA with 2048 to 8192 bits"),
    };
    key.map(<[u8]>::to_vec).ok_or_else(|| format!("holds a public key of another kind; {what}"))
}

fn p256(info: &[u8]) -> Option<&[u8]> {
    let point = info.strip_prefix(&P256)?;
    (point.len() == POINT_BYTES && point[0] == 4).then_some(point)
}

fn rsa(info: &[u8]) -> Option<&[u8]> {
    let key = long(info, 0x30)?.strip_prefix(&RSA)?;
    // A string of bits that are whole bytes.
    let key = long(key, 0x03)?.strip_prefix(&[0])?;
    // 2048 bits and what is around them at least.
    (key.len() >= 256 + 14).then_some(key)
}

/// The content of DER's form for what is longer than 255 bytes, up to the end.
fn long(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (&[found, 0x82, high, low], content) = der.split_first_chunk::<4>()? else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    (found == tag && length == content.len()).then_some(content)
}
