//! TLS on the listeners: each has one configuration for its life, so that sessions can be
//! resumed, and in it a certificate that can be exchanged.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, ServerConfig};
use tokio_rustls::{Accept, TlsAcceptor};

use crate::config::{HttpVersions, Listen, Tls};
use crate::error::{HubError, TlsProblem};

/// One listener's TLS.
pub(super) struct Server {
    acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
}

/// The certificate of this moment.
#[derive(Debug)]
struct Certificate(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// What a client may choose by ALPN (RFC 7301).
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

impl Server {
    /// Reads certificate and key.
    pub(super) fn new(tls: &Tls, http: HttpVersions) -> Result<Server, HubError> {
        let certificate = Arc::new(Certificate(ArcSwap::new(read(tls)?)));
        let failed = |error: Error| HubError::Tls {
            path: tls.certificate.clone(),
            problem: TlsProblem::Refused(error.to_string()),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_cert_resolver(certificate.clone());
        config.ticketer = ring::Ticketer::new().map_err(failed)?;
        let offered: &[&[u8]] = match http {
            HttpVersions::Both => &[HTTP_2, HTTP_1],
            HttpVersions::One => &[HTTP_1],
            HttpVersions::Two => &[HTTP_2],
        };
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        Ok(Server { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    /// The handshake of one connection.
    pub(super) fn accept<T>(&self, stream: T) -> Accept<T>
    where
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        self.acceptor.accept(stream)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// Whether a handshake ended with HTTP/2. Without ALPN it is HTTP/1.1.
pub(super) fn chose_http2(negotiated: Option<&[u8]>) -> bool {
    negotiated == Some(HTTP_2)
}

/// Whether a connection begins as TLS does: with a record of a handshake.
pub(super) fn begins_tls(first: u8) -> bool {
    first == 22
}

/// The certificates of all listeners, in the order of the configuration.
#[derive(Debug)]
pub(crate) struct Certificates(Vec<Option<Arc<Server>>>);

/// Certificates that were read and are fit to be used.
#[derive(Debug)]
pub(crate) struct Fresh(Vec<(Arc<Certificate>, Arc<CertifiedKey>)>);

impl Certificates {
    pub(super) fn new(servers: Vec<Option<Arc<Server>>>) -> Certificates {
        Certificates(servers)
    }

    /// Reads them all anew, from where the configuration has them now. Nothing changes
    /// until they are taken into use, so one that is broken leaves all as they are.
    pub(crate) fn read(&self, listen: &[Listen]) -> Result<Fresh, HubError> {
        let pairs = self.0.iter().zip(listen);
        let both = pairs.filter_map(|(own, new)| own.as_ref().zip(new.tls.as_ref()));
        both.map(|(own, new)| Ok((own.certificate.clone(), read(new)?)))
            .collect::<Result<_, _>>()
            .map(Fresh)
    }
}

impl Fresh {
    /// From now on new connections get them. Gives how many there are.
    pub(crate) fn take(self) -> usize {
        self.0.iter().for_each(|(certificate, key)| certificate.0.store(key.clone()));
        self.0.len()
    }
}

/// Says what is wrong with a certificate or its key, if anything is.
pub(crate) fn check(tls: &Tls) -> Result<(), HubError> {
    read(tls).map(drop)
}

/// Reads a certificate and its key, and looks whether they belong together.
fn read(tls: &Tls) -> Result<Arc<CertifiedKey>, HubError> {
    let fails = |path: &Path| {
        let path = path.to_owned();
        move |problem| HubError::Tls { path, problem }
    };
    let chain = chain(&tls.certificate).map_err(fails(&tls.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| of_pem(error, TlsProblem::NoKey))
        .map_err(fails(&tls.key))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map(Arc::new).map_err(|error| {
        let (path, problem) = match error {
            Error::InconsistentKeys(_) => {
                (&tls.key, TlsProblem::OtherKey { certificate: tls.certificate.clone() })
            }
            Error::InvalidCertificate(_) => {
                (&tls.certificate, TlsProblem::Refused(error.to_string()))
            }
            _ => (&tls.key, TlsProblem::Refused(error.to_string())),
        };
        HubError::Tls { path: PathBuf::from(path), problem }
    })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of_pem(error, TlsProblem::NoCertificate))?;
    if found.is_empty() { Err(TlsProblem::NoCertificate) } else { Ok(found) }
}

fn of_pem(error: pem::Error, none: TlsProblem) -> TlsProblem {
    match error {
        pem::Error::Io(source) => TlsProblem::Unreadable(source),
        pem::Error::NoItemsFound => none,
        other => TlsProblem::Unreadable(io::Error::new(io::ErrorKind::InvalidData, other)),
    }
}

#[cfg(test)]
mod tests;
