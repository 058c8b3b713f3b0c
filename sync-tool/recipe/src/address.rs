//! Where an upstream repository is, as a user or a manifest says it: a URL or a path
//! that can be printed only with its passwords and tokens masked.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

/// What is shown in the place of a secret.
const MASK: &str = "***";

/// A URL or a path, shown without its secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Returns the text as it was given, secrets included.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Tells whether another address leads to the same place, whoever asks there.
    pub fn leads_to(&self, other: &Address) -> bool {
        without_user(&self.0) == without_user(&other.0)
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Address(text)
    }
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Address(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns a URL, or ssh's `user@host:path`, with user, password and query masked. What
/// only looks like one, because it is mistyped, is masked as well.
pub fn masked(text: &str) -> String {
    let masked = without_user(text);
    match masked.split_once('?') {
        Some((bare, _)) if bare.contains("://") => format!("{bare}?{MASK}"),
        _ => masked,
    }
}

/// Returns a text of several words with the users and passwords of its URLs masked.
pub fn masked_in(text: &str) -> String {
    static URL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"[^\s'"`<>]+://[^\s'"`<>]+"#).expect("the expression is constant")
    });
    if !text.contains("://") {
        return text.to_owned();
    }
    let masked = URL.replace_all(text, |url: &regex::Captures<'_>| without_user(&url[0]));
    masked.into_owned()
}

fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        let (host, rest) = text.split_once(':').unwrap_or((text, ""));
        let is_drive = host.len() == 1 && rest.starts_with(['/', '\\']);
        return match rest.rsplit_once('@') {
            Some((_, rest)) if !is_drive && !host.contains(['/', '@']) => {
                format!("{host}:{MASK}@{rest}")
            }
            _ => text.to_owned(),
        };
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let port = rest[..end].rsplit_once(':').map_or("", |(_, port)| port);
    let is_host = rest[..end].contains('@') || port.bytes().all(|b| b.is_ascii_digit());
    // A password with a slash in it makes no URL, but is a password all the same.
    let end = if is_host { end } else { rest.len() };
    let Some((user, host)) = rest[..end].rsplit_once('@') else {
        return text.to_owned();
    };
    // With ssh the user is no secret; with http it may be a token.
    let user = match user.split_once(':') {
        None if scheme.contains("ssh") => user.to_owned(),
        Some((user, _)) if scheme.contains("ssh") => format!("{user}:{MASK}"),
        _ => MASK.to_owned(),
    };
    format!("{scheme}://{user}@{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (text, shown) in [
            ("https://a/b", "https://a/b"),
            ("https://a:80/b@c", "https://a:80/b@c"),
            ("https://token@a/b@c", "https://***@a/b@c"),
            ("https://u:p@a/b", "https://***@a/b"),
            ("https://u:p?q#r@s@a", "https://***@a"),
            ("https://u:p/q@a/b", "https://***@a/b"),
            ("https://a/b?token=t", "https://a/b?***"),
            ("ssh://git@a/b", "ssh://git@a/b"),
            ("ssh://git:p@a/b", "ssh://git:***@a/b"),
            ("git@a:b/c", "git@a:b/c"),
            ("u:p@a/b", "u:***@a/b"),
            ("https:/u:p@a/b", "https:***@a/b"),
            ("../a?b", "../a?b"),
            ("C:\\a@b", "C:\\a@b"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
            assert_eq!(address.secret(), text);
        }
    }

    #[test]
    fn an_address_leads_to_one_place_whoever_asks() {
        let [one, two, three] = [
            "https://u:p@a/b?c",
            "https://u:q@a/b?c",
            "https://u:p@a/b?d",
        ]
        .map(|text| Address::from(text.to_owned()));
        assert!(one.leads_to(&two) && !one.leads_to(&three));
    }

    #[test]
    fn secrets_in_a_text_are_not_shown() {
        let text = "cannot get 'https://u:p@a/b?c' (sparse+https://t@d/): see https://e/f?g";
        let shown = "cannot get 'https://***@a/b?c' (sparse+https://***@d/): see https://e/f?g";
        assert_eq!(masked_in(text), shown);
        assert_eq!(masked_in("a: b@c"), "a: b@c");
    }
}
