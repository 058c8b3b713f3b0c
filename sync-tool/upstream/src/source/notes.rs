//! Upstream's release notes, `RELEASES.md`, as they are at a release.

use std::fs;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use recipe::error::{Error, Result};
use semver::Version;

use super::Upstream;
use crate::http::{Http, Request};
use crate::options::RUN_ONLINE;
use crate::registry::Registry;

/// The file, from the repository's root.
const FILE: &str = "RELEASES.md";
/// The longest notes that are read, in bytes; those of 48.0.0 had 5 KB.
const LIMIT: u64 = 4 << 20;

impl Upstream<'_> {
    /// Reads the release notes: from git at the release's tag; with the registry, from the
    /// repository's host, `REPOSITORY/raw/TAG/RELEASES.md`, and from the cache afterwards.
    ///
    /// # Errors
    ///
    /// Where there are none, or they cannot be reached.
    pub fn notes(&self, version: &Version) -> Result<String> {
        if let Some(git) = self.git() {
            let export = git.export(version, None)?;
            export.fetch([FILE])?;
            let text = Mutex::new(None);
            let missing = export.read(&[FILE], |_, _, bytes| {
                *text.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(String::from_utf8_lossy(bytes).into_owned());
                Ok(())
            })?;
            if !missing.is_empty() {
                return Err(export.lacks(&missing));
            }
            let text = text.into_inner().unwrap_or_else(PoisonError::into_inner);
            return text.ok_or_else(|| Error::upstream(format!("{} has no {FILE}", export.place)));
        }
        self.notes_of_host(version)
    }

    fn notes_of_host(&self, version: &Version) -> Result<String> {
        let cached = self.host.env.dir().join(&self.options.cache);
        let cached = cached.join("notes").join(format!("{version}.md"));
        if let Ok(text) = fs::read_to_string(&cached) {
            return Ok(text);
        }
        let repository = self.options.repository.to_string();
        let is_web = ["https://", "http://"]
            .iter()
            .any(|scheme| repository.starts_with(scheme));
        if !is_web {
            let message =
                format!("the release notes are read from the web, and `{repository}` is not there");
            return Err(Error::upstream(message).help("give a clone: `--upstream PATH`"));
        }
        if self.options.offline {
            let message = format!("the release notes of {version} are in no cache");
            return Err(Error::upstream(message).help(RUN_ONLINE).unreached());
        }
        let base = repository.trim_end_matches('/').trim_end_matches(".git");
        let tag = self.options.tag.replace("{version}", &version.to_string());
        let request = Request::new(format!("{base}/raw/{tag}/{FILE}")).compressed();
        let settings = Registry::http_settings(self.host, &self.options)?;
        let http = Http::new(self.host, settings)?;
        let response = http.get(&request, LIMIT, &|_, _| {})?;
        if response.status != 200 {
            let (place, status) = (request.shown(), response.status);
            return Err(Error::upstream(format!(
                "there are no release notes at {place} (HTTP {status})"
            )));
        }
        let text = String::from_utf8_lossy(&response.body).into_owned();
        // A cache that cannot be written costs the next run a request.
        let _ = cached.parent().map(|dir| -> io::Result<()> {
            fs::create_dir_all(dir)?;
            let mut draft = tempfile::NamedTempFile::new_in(dir)?;
            draft.write_all(text.as_bytes())?;
            draft.persist(&cached)?;
            Ok(())
        });
        Ok(text)
    }
}
