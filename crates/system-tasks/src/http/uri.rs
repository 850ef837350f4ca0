//! Where a request goes. The text is used as it stands (quirk 39 fixed): what may not stand in a
//! URI is escaped, what is escaped already stays so.

use std::fmt::Write as _;

use hyper::Uri;

use crate::http::limits::URI_MAX;

/// A parsed URI.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Whether it is `https`.
    pub(super) is_tls: bool,
    /// Name or address, without the brackets of IPv6, in small letters.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
    /// `host[:port]` as the `Host` header has it.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// Reads a URI.
    ///
    /// # Errors
    /// What is wrong with it; the text itself is not repeated, since it may hold secrets.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > URI_MAX {
            return Err(format!("uri: longer than {URI_MAX} bytes"));
        }
        let uri: Uri = escaped(text).parse().map_err(|_| "uri: not a URI")?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("uri: neither http nor https".to_owned()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("uri: no host")?;
        let port = uri.port_u16();
        let after_host = uri.authority().map_or("", |authority| authority.as_str());
        let has_port = after_host.rsplit(']').next().unwrap_or("").contains(':');
        if has_port && port.is_none() && !after_host.contains('@') {
            return Err("uri: not a port".to_owned());
        }
        let authority = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('?') { format!("/{path}") } else { path.to_owned() };
        Ok(Self {
            is_tls,
            host: bare.to_ascii_lowercase(),
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            authority,
            path: if path.is_empty() { "/".to_owned() } else { path },
        })
    }
}

fn escaped(text: &str) -> String {
    let text = text.split('#').next().unwrap_or("");
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let may_stand = byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if may_stand {
            escaped.push(char::from(byte));
        } else {
            // Writing to text does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_targets() {
        let parse = |text| {
            let target = Target::parse(text).expect("a URI");
            (target.is_tls, target.host, target.port, target.authority, target.path)
        };
        let of = |tls, host: &str, port, authority: &str, path: &str| {
            (tls, host.to_owned(), port, authority.to_owned(), path.to_owned())
        };
        assert_eq!(parse("http://h"), of(false, "h", 80, "h", "/"));
        assert_eq!(
            parse(" https://H.Example./a?b#c "),
            of(true, "h.example", 443, "H.Example.", "/a?b")
        );
        assert_eq!(parse("http://u:p@h:81/x y/{z}"), of(false, "h", 81, "h:81", "/x%20y/%7Bz%7D"));
        assert_eq!(parse("http://[::1]:8/%20é"), of(false, "::1", 8, "[::1]:8", "/%20%C3%A9"));
        assert_eq!(parse("http://h?q=1"), of(false, "h", 80, "h", "/?q=1"));
    }

    #[test]
    fn what_is_no_target_is_refused_without_being_repeated() {
        for text in ["", "h/x", "/x", "ftp://h/", "http://", "http://h:99999/", "http://:80/secret"]
        {
            let said = Target::parse(text).expect_err(text);
            assert!(said.starts_with("uri: ") && !said.contains("secret"), "{text}: {said}");
        }
        assert!(Target::parse(&format!("http://h/{}", "a".repeat(URI_MAX))).is_err());
    }
}
