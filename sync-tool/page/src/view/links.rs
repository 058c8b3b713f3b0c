//! Addresses of upstream's commits and pull requests: the only ones on the page.

use crate::model::Commit;

/// Makes links into a repository, if it has pages.
pub(super) struct Links(Option<String>);

/// A commit with its links.
pub(crate) struct CommitView<'a> {
    pub(crate) commit: &'a Commit,
    pub(crate) short: &'a str,
    pub(crate) link: Option<String>,
    pub(crate) pull_request: Option<String>,
}

impl Links {
    /// An address that could do anything else than lead to a page, or that has a password in
    /// it, gives no links.
    pub(super) fn new(repository: Option<&str>) -> Self {
        let is_plain = |address: &&str| {
            let rest = address.strip_prefix("https://").unwrap_or_default();
            !rest.is_empty()
                && rest
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._/:".contains(c))
        };
        let address = repository.filter(is_plain).map(|address| {
            let address = address.trim_end_matches('/');
            address.strip_suffix(".git").unwrap_or(address).to_owned()
        });
        Links(address)
    }

    pub(super) fn repository(&self) -> Option<String> {
        self.0.clone()
    }

    pub(super) fn pull_request(&self, number: u64) -> Option<String> {
        let at = self.0.as_deref()?;
        Some(format!("{at}/pull/{number}"))
    }

    pub(super) fn commit<'a>(&self, commit: &'a Commit) -> CommitView<'a> {
        let is_id = commit.id.len() >= 7 && commit.id.bytes().all(|b| b.is_ascii_hexdigit());
        let repository = self.0.as_deref().filter(|_| is_id);
        CommitView {
            short: commit.id.get(..10).unwrap_or(&commit.id),
            link: repository.map(|at| format!("{at}/commit/{}", commit.id)),
            pull_request: commit
                .pull_request
                .and_then(|number| self.pull_request(number)),
            commit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_linked() {
        let link = |repository: &str, id: &str| {
            let commit = Commit {
                id: id.to_owned(),
                subject: String::new(),
                date: None,
                pull_request: Some(7),
            };
            let links = Links::new(Some(repository));
            let view = links.commit(&commit);
            (view.link, view.pull_request)
        };
        assert_eq!(
            link("https://host/a/b.git", "0123456789ab"),
            (
                Some("https://host/a/b/commit/0123456789ab".to_owned()),
                Some("https://host/a/b/pull/7".to_owned())
            )
        );
        for hostile in [
            "javascript:alert(1)",
            "https://user:word@host/a",
            "https://host/a b",
            "https://host/\"onclick=x",
            "/home/somebody/upstream",
        ] {
            assert_eq!(link(hostile, "0123456789ab"), (None, None), "{hostile}");
        }
        assert_eq!(link("https://host/a", "../../x").0, None);
    }
}
