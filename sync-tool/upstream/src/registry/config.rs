//! Cargo's configuration, as far as it says how a registry is reached.
//!
//! Read as cargo does: `.cargo/config.toml` from the project's directory upward,
//! then cargo's home; what stands nearer wins, and the environment wins over all
//! files for the keys that cargo takes from it
//! (<https://doc.rust-lang.org/cargo/reference/config.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::Environment;
use recipe::error::{Error, Fault, Kind, Location, Result};
use toml_edit::{DocumentMut, Item, Value};

/// The tables that say how a registry is reached, and by what right.
const OF_REGISTRIES: [&str; 6] = [
    "credential-alias",
    "http",
    "net",
    "registries",
    "registry",
    "source",
];

#[derive(Debug, Clone)]
struct Setting {
    value: Value,
    file: PathBuf,
}

/// Cargo's configuration.
#[derive(Debug, Default)]
pub struct Config {
    settings: BTreeMap<Vec<String>, Setting>,
    vars: Environment,
    seen: BTreeSet<PathBuf>,
}

impl Config {
    /// Reads what holds for a project.
    ///
    /// # Errors
    ///
    /// Fails where a file cannot be read or is not TOML.
    pub fn read(env: &Environment, project: &Path) -> Result<Self> {
        let mut config = Config {
            vars: env.clone(),
            ..Config::default()
        };
        for dir in project.ancestors() {
            config.add_dir(&dir.join(".cargo"), "config")?;
        }
        if let Some(home) = env.cargo_home() {
            config.add_dir(&home, "config")?;
            config.add_dir(&home, "credentials")?;
        }
        Ok(config)
    }

    /// Adds a file with or without `.toml`; as cargo does, the one without comes first.
    fn add_dir(&mut self, dir: &Path, name: &str) -> Result<()> {
        let plain = dir.join(name);
        let file = if plain.is_file() {
            plain
        } else {
            dir.join(format!("{name}.toml"))
        };
        self.add_file(&file, true)
    }

    fn add_file(&mut self, file: &Path, may_lack: bool) -> Result<()> {
        if !self.seen.insert(file.to_owned()) {
            return Ok(());
        }
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && may_lack => return Ok(()),
            Err(e) => return Err(Error::io("read cargo's configuration", file, e)),
        };
        let document = text
            .parse::<DocumentMut>()
            .map_err(|e| not_toml(file, &text, &e))?;
        for (key, item) in document.iter() {
            self.add(vec![key.to_owned()], item, file);
        }
        for (included, may_lack) in included(&document) {
            let dir = file.parent().unwrap_or(Path::new(""));
            self.add_file(&dir.join(included), may_lack)?;
        }
        Ok(())
    }

    /// Adds a value, or those of a table, unless a nearer file has them.
    fn add(&mut self, key: Vec<String>, item: &Item, file: &Path) {
        if let Some(table) = item.as_table_like() {
            for (name, item) in table.iter() {
                self.add([key.clone(), vec![name.to_owned()]].concat(), item, file);
            }
        } else if let Some(value) = item.as_value() {
            let setting = Setting {
                value: value.clone(),
                file: file.to_owned(),
            };
            self.settings.entry(key).or_insert(setting);
        }
    }

    fn setting(&self, key: &[&str]) -> Option<&Setting> {
        let key: Vec<String> = key.iter().map(|&k| k.to_owned()).collect();
        self.settings.get(&key)
    }

    fn var(&self, key: &[&str]) -> Option<(String, &str)> {
        let key = key.join("_").to_uppercase().replace(['-', '.'], "_");
        let name = format!("CARGO_{key}");
        let value = self.vars.text(&name)?;
        Some((name, value))
    }

    /// Reads a value of the files.
    fn of_files<'c, T>(
        &'c self,
        key: &[&str],
        expected: &str,
        read: impl Fn(&'c Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let setting = self.setting(key);
        let value = setting.map(|setting| {
            let place = setting.file.display().to_string();
            read(&setting.value).ok_or_else(|| mistyped(place, key, expected))
        });
        value.transpose()
    }

    /// Reads a value of the environment, else of the files.
    fn parsed<T: std::str::FromStr>(
        &self,
        key: &[&str],
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        match self.var(key) {
            Some((name, value)) => match value.parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(mistyped(name, key, expected)),
            },
            None => self.of_files(key, expected, read),
        }
    }

    pub(super) fn text_of_files(&self, key: &[&str]) -> Result<Option<&str>> {
        self.of_files(key, "a string", Value::as_str)
    }

    pub(super) fn text(&self, key: &[&str]) -> Result<Option<&str>> {
        match self.var(key) {
            Some((_, value)) => Ok(Some(value)),
            None => self.text_of_files(key),
        }
    }

    pub(super) fn number(&self, key: &[&str]) -> Result<Option<u64>> {
        let read = |value: &Value| u64::try_from(value.as_integer()?).ok();
        self.parsed(key, "a whole number", read)
    }

    pub(super) fn flag(&self, key: &[&str]) -> Result<Option<bool>> {
        self.parsed(key, "`true` or `false`", Value::as_bool)
    }

    pub(super) fn path(&self, key: &[&str]) -> Result<Option<PathBuf>> {
        match self.var(key) {
            Some((_, value)) => Ok(Some(self.vars.dir().join(value))),
            None => self.path_of_files(key),
        }
    }

    /// Returns a path from the files alone; it starts where the `.cargo` directory
    /// of its file stands.
    pub(super) fn path_of_files(&self, key: &[&str]) -> Result<Option<PathBuf>> {
        let text = self.text_of_files(key)?;
        let file = self.setting(key).map(|setting| setting.file.as_path());
        let base = file.and_then(|file| file.parent()?.parent());
        Ok(text.map(|text| base.unwrap_or(Path::new("")).join(text)))
    }

    /// Returns what the files say of how registries are reached as the text of one
    /// file, which may stand anywhere.
    ///
    /// # Errors
    ///
    /// Fails where a path is not UTF-8.
    pub fn of_registries(&self) -> Result<String> {
        let mut document = DocumentMut::new();
        for (key, setting) in &self.settings {
            let (Some((name, tables)), true) =
                (key.split_last(), OF_REGISTRIES.contains(&key[0].as_str()))
            else {
                continue;
            };
            let parts: Vec<&str> = key.iter().map(String::as_str).collect();
            let is_path = matches!(
                parts[..],
                ["source", _, "directory" | "local-registry"] | ["http", "cainfo" | "proxy-cainfo"]
            );
            let path = if is_path {
                self.path_of_files(&parts)?
            } else {
                None
            };
            let value = path.map_or_else(
                || setting.value.clone(),
                |path| Value::from(path.to_string_lossy().as_ref()),
            );
            let table = tables
                .iter()
                .try_fold(document.as_table_mut(), |table, name| {
                    table
                        .entry(name)
                        .or_insert_with(toml_edit::table)
                        .as_table_mut()
                });
            if let Some(table) = table {
                table.insert(name, Item::Value(value));
            }
        }
        Ok(document.to_string())
    }

    /// Returns the file that a value stands in, for messages.
    pub(super) fn file_of(&self, key: &[&str]) -> String {
        self.setting(key).map_or_else(
            || "the environment".to_owned(),
            |s| s.file.display().to_string(),
        )
    }

    pub(super) fn names(&self, table: &str) -> BTreeSet<&str> {
        let of_table = |key: &'_ &Vec<String>| key.len() > 2 && key[0] == table;
        self.settings
            .keys()
            .filter(of_table)
            .map(|key| key[1].as_str())
            .collect()
    }

    /// Returns the proxy: cargo's own setting, else git's, which cargo reads too.
    pub(super) fn proxy(&self) -> Result<Option<String>> {
        match self.text(&["http", "proxy"])? {
            Some(proxy) => Ok(Some(proxy.to_owned())),
            None => Ok(self
                .vars
                .home()
                .and_then(|home| proxy_of_git(&home.join(".gitconfig")))),
        }
    }
}

/// Returns `http.proxy` of a git configuration that is there and can be read.
fn proxy_of_git(file: &Path) -> Option<String> {
    if !file.is_file() {
        return None;
    }
    git2::Config::open(file)
        .and_then(|c| c.get_string("http.proxy"))
        .ok()
}

/// Returns the files that a file includes, those that win first, and whether they may lack.
fn included(document: &DocumentMut) -> Vec<(String, bool)> {
    let one = |value: &Value| match value {
        Value::String(path) => Some((path.value().clone(), false)),
        Value::InlineTable(table) => {
            let optional = table.get("optional").and_then(Value::as_bool);
            let path = table.get("path")?.as_str()?.to_owned();
            Some((path, optional.unwrap_or(false)))
        }
        _ => None,
    };
    let mut all: Vec<_> = match document.get("include") {
        Some(Item::Value(Value::Array(all))) => all.iter().filter_map(one).collect(),
        Some(Item::Value(value)) => one(value).into_iter().collect(),
        _ => Vec::new(),
    };
    all.reverse();
    all
}

fn not_toml(file: &Path, text: &str, e: &toml_edit::TomlError) -> Error {
    let name = file.display().to_string();
    let place = match e.span() {
        Some(span) => Location::span(name, Arc::from(text), span),
        None => Location::file(name),
    };
    let fault = Fault::new(e.message().trim().to_owned())
        .at(place)
        .help("correct the file; cargo cannot read it either");
    malformed(fault)
}

fn mistyped(place: String, key: &[&str], expected: &str) -> Error {
    malformed(
        Fault::new(format!("`{}` must be {expected}", key.join("."))).at(Location::file(place)),
    )
}

fn malformed(fault: Fault) -> Error {
    let message = "cargo's configuration is malformed";
    Error::faults(Kind::General, message, vec![fault])
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
