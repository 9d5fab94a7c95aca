//! The list `[[listen]]`.

use super::Table;
use super::key::key;
use crate::config::codec::{Choice, File, Of, YesNo};
use crate::config::{Address, HttpVersions, Listen, Mode, Tls};

type Subject = Listen;

/// One listener. In place of a table its address alone may be written.
pub(crate) const LISTEN: Table<Listen> = Table {
    name: "listen",
    words: "Where HTTP is served. A list of addresses, listen = [\"127.0.0.1:8080\"], or a table \
            for each with what it has besides.",
    keys: &[
        key!(
            Of<Address>,
            address,
            "address",
            "Where: a TCP address (port 0 takes a free one), \"unix:PATH\", or \"fd:NAME\" for a \
             socket that the service manager passes."
        )
        .fixed()
        .like("\"127.0.0.1:8080\""),
        key!(@File,
            |listen: &Listen| listen.tls.as_ref().map(|tls| &tls.certificate),
            |listen: &mut Listen, path| tls(listen).certificate = path,
            "certificate",
            "A PEM file with the certificate, followed by those between it and a root. With it the \
             listener speaks TLS.")
        .like("\"/etc/slotway/certificate.pem\""),
        key!(@File,
            |listen: &Listen| listen.tls.as_ref().map(|tls| &tls.key),
            |listen: &mut Listen, path| tls(listen).key = path,
            "key",
            "A PEM file with the certificate's private key.")
        .like("\"/etc/slotway/key.pem\""),
        key!(Choice<HttpVersions>, http, "http", "Versions of HTTP: \"both\", \"1\" or \"2\".")
            .fixed()
            .like("\"both\""),
        key!(
            YesNo,
            proxy_protocol,
            "proxy-protocol",
            "Whether every connection begins with a PROXY protocol header (version 1 or 2). It is \
             then required of all."
        )
        .fixed()
        .like("false"),
        key!(
            Of<Mode>,
            mode,
            "mode",
            "The mode of a Unix socket's file: who may connect. \"0660\" is the hub's user and its \
             group."
        )
        .fixed()
        .like("\"0600\""),
    ],
};

fn tls(listen: &mut Listen) -> &mut Tls {
    listen.tls.get_or_insert_with(|| Tls { certificate: "".into(), key: "".into() })
}
