//! `accept-encoding`: which coding a client likes best of those that the hub has (RFC
//! 9110, section 12.5.3).

use http::header::{ACCEPT_ENCODING, HeaderMap};

/// A content coding. Of two that a client likes equally, the one further up is used: it
/// takes less time for the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

const OURS: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }

    fn is_called(self, name: &[u8]) -> bool {
        let also = self == Coding::Gzip && name.eq_ignore_ascii_case(b"x-gzip");
        also || name.eq_ignore_ascii_case(self.name().as_bytes())
    }
}

/// The coding to use; `None` for none. A client that does not say wants none.
pub(super) fn best(headers: &HeaderMap) -> Option<Coding> {
    // Qualities in thousandths, of each coding, of everything else, and of none at all.
    let (mut named, mut rest, mut identity) = ([None; OURS.len()], None, None);
    for value in headers.get_all(ACCEPT_ENCODING) {
        for item in value.as_bytes().split(|&byte| byte == b',') {
            let mut parts = item.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(quality).unwrap_or(1000);
            if name == b"*" {
                rest = Some(quality);
            } else if name.eq_ignore_ascii_case(b"identity") {
                identity = Some(quality);
            } else if let Some(at) = OURS.iter().position(|coding| coding.is_called(name)) {
                named[at] = Some(quality);
            }
        }
    }
    let mut best = None;
    // What is as good as it is stays as it is, if the client says so.
    let mut most = identity.unwrap_or(0);
    for (coding, quality) in OURS.into_iter().zip(named) {
        let quality = quality.or(rest).unwrap_or(0);
        let better = quality > most || (best.is_none() && quality == most && identity.is_none());
        if quality > 0 && better {
            (best, most) = (Some(coding), quality);
        }
    }
    best
}

/// The value of `q=`, in thousandths; what is none counts as 0.
fn quality(parameter: &[u8]) -> Option<u16> {
    let (name, value) = parameter.split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, fraction) = match value {
        [whole] => (*whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (*whole, fraction),
        _ => return Some(0),
    };
    let digits = fraction.iter().chain(b"000").take(3);
    let mut digits = digits.map(|&digit| digit.is_ascii_digit().then(|| u16::from(digit - b'0')));
    let thousandths = digits.try_fold(0, |sum, digit| Some(sum * 10 + digit?));
    match (whole, thousandths) {
        (b'0', Some(thousandths)) => Some(thousandths),
        (b'1', Some(0)) => Some(1000),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(value: &'static str) -> Option<&'static str> {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]);
        best(&headers).map(Coding::name)
    }

    #[test]
    fn the_best_that_both_have() {
        assert_eq!(best(&HeaderMap::new()), None);
        for (value, expected) in [
            ("", None),
            ("gzip", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("gzip, deflate, br", Some("br")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip;q=1.0, br;q=0.9", Some("gzip")),
            ("br; q=0.5 , gzip;q=0.501", Some("gzip")),
            ("deflate, compress", None),
            ("*", Some("zstd")),
            ("zstd;q=0, *;q=0.1", Some("br")),
            ("*;q=0", None),
            ("gzip;q=0", None),
            ("gzip;q=2, br;q=x", None),
            ("gzip;q=0.0001", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some("gzip")),
            ("identity;q=0, gzip;q=0.001", Some("gzip")),
            (",,;;q=1", None),
        ] {
            assert_eq!(chosen(value), expected, "{value}");
        }
    }
}
