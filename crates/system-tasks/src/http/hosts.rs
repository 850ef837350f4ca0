//! Which hosts may be called. Everyone is, unless the operator says otherwise, as in the
//! reference server: whoever may register a definition can then reach what the server can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a name, nor `*.name`, nor an address, nor a network, nor `private`")]
pub struct PatternError(String);

/// Hosts that may be called and hosts that may not.
///
/// A pattern is a name (`example.com`), all names below one (`*.example.com`), an address, a
/// network (`10.0.0.0/8`, `fd00::/8`), or `private`: every address that is not of the public
/// internet. Names are looked up first and each address is judged, the very one that is then
/// connected to, so a name cannot lead to where its address may not.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    allow: Vec<Pattern>,
    deny: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Name(String),
    Below(String),
    Network(IpAddr, u8),
    Private,
}

impl Hosts {
    /// Reads the patterns; an empty `allow` allows everyone. `deny` wins.
    ///
    /// # Errors
    /// The first pattern that cannot be read.
    pub fn new(allow: &[String], deny: &[String]) -> Result<Self, PatternError> {
        let read = |patterns: &[String]| -> Result<Vec<Pattern>, PatternError> {
            patterns.iter().map(|text| Pattern::read(text)).collect()
        };
        Ok(Self { allow: read(allow)?, deny: read(deny)? })
    }

    /// Whether that host may be called at that address; the name in small letters.
    pub(super) fn admit(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let named = |patterns: &[Pattern]| patterns.iter().any(|one| one.covers(host, address));
        (self.allow.is_empty() || named(&self.allow)) && !named(&self.deny)
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, PatternError> {
        let wrong = || PatternError(text.to_owned());
        let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
        if text == "private" {
            return Ok(Self::Private);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            let address = address.to_canonical();
            return Ok(Self::Network(address, width(address)));
        }
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let bits: u8 = bits.parse().map_err(|_| wrong())?;
            return match bits <= width(address) {
                true => Ok(Self::Network(address, bits)),
                false => Err(wrong()),
            };
        }
        let (is_below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let may_stand = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(may_stand) {
            return Err(wrong());
        }
        Ok(if is_below { Self::Below(name.to_owned()) } else { Self::Name(name.to_owned()) })
    }

    fn covers(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Name(name) => name == host,
            Self::Below(name) => {
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            Self::Network(network, bits) => {
                let shift = u32::from(width(*network) - bits);
                width(*network) == width(address)
                    && bits_of(*network).checked_shr(shift) == bits_of(address).checked_shr(shift)
            }
            Self::Private => is_private(address),
        }
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Whether an address is not of the public internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // This network; shared address space; protocol assignments; benchmarks; reserved.
        || first == 0
        || (first == 100 && second & 0xc0 == 64)
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && second & 0xfe == 18)
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [first, second, .., high, low] = address.segments();
    // Prefixes through which IPv4 is reached: NAT64 and 6to4.
    let inner = match (first, second) {
        (0x64, 0xff9b) => Some((u32::from(high) << 16) | u32::from(low)),
        (0x2002, high) => {
            let [_, _, low, ..] = address.segments();
            Some((u32::from(high) << 16) | u32::from(low))
        }
        _ => None,
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || (first == 0x2001 && second == 0xdb8)
        || inner.is_some_and(|inner| is_private_v4(Ipv4Addr::from_bits(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allow: &[&str], deny: &[&str], host: &str, address: &str) -> bool {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let hosts = Hosts::new(&owned(allow), &owned(deny)).expect("patterns");
        hosts.admit(host, address.parse().expect("an address"))
    }

    #[test]
    fn everyone_is_allowed_unless_told_otherwise() {
        assert!(admits(&[], &[], "h", "127.0.0.1"));
        assert!(!admits(&[], &["private"], "h", "127.0.0.1"));
        assert!(admits(&[], &["private"], "h", "8.8.8.8"));
        assert!(admits(&["h"], &[], "h", "8.8.8.8"));
        assert!(!admits(&["h"], &[], "g", "8.8.8.8"));
        assert!(!admits(&["h"], &["private"], "h", "10.0.0.1"));
        assert!(admits(&["10.1.0.0/16"], &[], "any", "10.1.2.3"));
        assert!(!admits(&["10.1.0.0/16"], &[], "any", "10.2.0.0"));
        assert!(admits(&["0.0.0.0/0"], &[], "any", "1.2.3.4"));
        assert!(!admits(&["0.0.0.0/0"], &[], "any", "::1"));
    }

    #[test]
    fn names_are_matched_whole() {
        assert!(admits(&["*.Example.com."], &[], "a.b.example.com", "1.1.1.1"));
        assert!(!admits(&["*.example.com"], &[], "example.com", "1.1.1.1"));
        assert!(!admits(&["*.example.com"], &[], "badexample.com", "1.1.1.1"));
    }

    #[test]
    fn private_is_whatever_is_not_public() {
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(!admits(&[], &["private"], "h", address), "{address}");
        }
        for address in
            ["1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            assert!(admits(&[], &["private"], "h", address), "{address}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "*", "*.", "a b", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "*.*.a"] {
            assert!(Hosts::new(&[text.to_owned()], &[]).is_err(), "{text}");
        }
    }
}
