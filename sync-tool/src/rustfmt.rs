//! Formats sources with rustfmt, and keeps what it made.

mod cache;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use host::Host;
use host::parallel;
use host::process::{Call, Outcome};
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::format::{Formatted, Formatter, same_code};
use recipe::tree::{Digest, TreePath};

use self::cache::Cache;

/// The next step where there is no rustfmt.
const INSTALL: &str = "install rustfmt with `rustup component add rustfmt` (or `apt install rustfmt`), \
     or name one in the environment variable RUSTFMT";

/// How many processes run at a time.
const AT_ONCE: usize = 2;

/// Formats with the program rustfmt; results are kept by the program and the source.
pub struct Rustfmt<'a> {
    host: &'a Host,
    cache: Cache,
    program: OnceLock<Program<'a>>,
}

impl<'a> Rustfmt<'a> {
    /// Makes a formatter that keeps its results below a cache directory.
    pub fn new(host: &'a Host, cache: PathBuf) -> Self {
        Rustfmt {
            host,
            cache: Cache::new(cache.join("rustfmt")),
            program: OnceLock::new(),
        }
    }

    /// Finds the program, so that nothing waits for it later. Where it is none, that is told
    /// when something is to be formatted.
    pub(crate) fn look_ahead(&self) {
        let _ = self.program();
    }

    fn program(&self) -> Result<&Program<'a>> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let program = Program::find(self.host)?;
        Ok(self.program.get_or_init(|| program))
    }

    /// Fails where a text is other code than its source, whoever made it.
    fn check(
        &self,
        program: &Program<'_>,
        files: &[(TreePath, Arc<str>)],
        texts: &[Arc<str>],
    ) -> Result<()> {
        let pairs: Vec<_> = files.iter().zip(texts).collect();
        let threads = parallel::processors(pairs.len());
        let is_same = parallel::each(&pairs, threads, |((_, before), after)| {
            Ok(same_code(before, after))
        })?;
        let faults: Vec<Fault> = pairs
            .iter()
            .zip(is_same)
            .filter(|(_, is_same)| !is_same)
            .map(|(((path, _), _), _)| {
                Fault::new("the formatted text has other code").at(Location::file(path.as_str()))
            })
            .collect();
        if faults.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{} ({}) changed more than the layout of sources",
            program.version,
            program.path.display()
        );
        let cache = self.cache.dir().display();
        Err(Error::faults(Kind::General, message, faults)
            .help("see whether this program is rustfmt; another one is named by the environment variable RUSTFMT")
            .help(format!("if it is, remove what is kept of it, `{cache}`, and run the same command again")))
    }
}

impl Formatter for Rustfmt<'_> {
    fn format(&self, edition: &str, files: &[(TreePath, Arc<str>)]) -> Result<Formatted> {
        if files.is_empty() {
            return Ok(Formatted {
                texts: Vec::new(),
                version: String::new(),
            });
        }
        let program = self.program()?;
        let sources = files.iter().map(|(_, text)| text);
        let keys: Vec<Digest> = sources.map(|text| program.key(edition, text)).collect();
        let mut texts: Vec<Option<Arc<str>>> =
            keys.iter().map(|key| self.cache.get(*key)).collect();
        let todo: Vec<usize> = (0..files.len()).filter(|&i| texts[i].is_none()).collect();
        if !todo.is_empty() {
            for (i, text) in program.format_all(edition, files, &todo)? {
                texts[i] = Some(text);
            }
        }
        let texts: Vec<Arc<str>> = texts.into_iter().flatten().collect();
        self.check(program, files, &texts)?;
        for i in todo {
            self.cache.put(self.host, keys[i], &texts[i]);
        }
        Ok(Formatted {
            texts,
            version: program.version.clone(),
        })
    }
}

/// The number of a source, and what was made of it.
type Chunk = (usize, Result<Arc<str>, Fault>);

/// A rustfmt that is there.
struct Program<'a> {
    host: &'a Host,
    name: OsString,
    /// Where it is on disk.
    path: PathBuf,
    /// As the lock has it: `rustfmt 1.9.0-stable`.
    version: String,
    /// Digest of its size, its time and all that it says of its version, the commit among it:
    /// rustup has one program for every toolchain, and reading it costs more than formatting.
    identity: Digest,
    /// Holds the empty configuration.
    dir: tempfile::TempDir,
}

impl<'a> Program<'a> {
    fn find(host: &'a Host) -> Result<Self> {
        let name = host
            .env
            .var("RUSTFMT")
            .map_or_else(|| "rustfmt".into(), OsString::from);
        let dir = host::disk::temporary()?;
        let config = dir.path().join("rustfmt.toml");
        std::fs::write(&config, "").map_err(|e| Error::io("write", &config, e))?;
        let call = call(host, &name).args(["--version"]);
        let line = call.line();
        let outcome = call.run(host)?;
        let said = String::from_utf8_lossy(&outcome.stdout);
        let version: Vec<&str> = said.split_whitespace().take(2).collect();
        if !outcome.success() || version.len() < 2 {
            return Err(unusable(&line, &outcome));
        }
        let path = located(host, &name);
        let metadata = std::fs::metadata(&path).map_err(|e| Error::io("read", &path, e))?;
        let changed = metadata.modified().ok();
        Ok(Program {
            host,
            version: version.join(" "),
            identity: Digest::of(format!("{}\n{changed:?}\n{said}", metadata.len())),
            path,
            name,
            dir,
        })
    }

    /// Returns the key of what this program makes of a source.
    fn key(&self, edition: &str, text: &str) -> Digest {
        Digest::of(format!("{}\n{edition}\n{text}", self.identity))
    }

    /// Formats the files with these numbers, several at a time.
    fn format_all(
        &self,
        edition: &str,
        files: &[(TreePath, Arc<str>)],
        todo: &[usize],
    ) -> Result<Vec<(usize, Arc<str>)>> {
        let step = Mutex::new(self.host.status.step("formatting"));
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<Chunk>> {
            let mut made = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(&i) = todo.get(position) else {
                    return Ok(made);
                };
                let (path, text) = &files[i];
                // An interrupt ends the other worker's process; no new one starts.
                self.host.interrupt().check()?;
                let tell = step.lock().unwrap_or_else(PoisonError::into_inner);
                tell.at(path.as_str());
                tell.done(position as u64, todo.len() as u64);
                drop(tell);
                made.push((i, self.format_one(edition, path, text)?));
            }
        };
        let gathered = std::thread::scope(|scope| {
            let workers = (0..AT_ONCE.min(todo.len())).map(|_| scope.spawn(work));
            let workers: Vec<_> = workers.collect();
            let results = workers.into_iter().map(|worker| {
                let result = worker.join();
                result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            results.collect::<Result<Vec<_>>>()
        });
        let mut all: Vec<Chunk> = gathered?.into_iter().flatten().collect();
        all.sort_by_key(|(i, _)| *i);
        unless_faults(all)
    }

    fn format_one(
        &self,
        edition: &str,
        path: &TreePath,
        text: &Arc<str>,
    ) -> Result<Result<Arc<str>, Fault>> {
        let config = self.dir.path().join("rustfmt.toml");
        let style = format!("style_edition={edition}");
        let call = call(self.host, &self.name)
            .args(["--edition", edition, "--config", &style])
            .args(["--emit", "stdout", "--color", "never", "--quiet"])
            // With a file named, none is looked for in the surroundings.
            .args(["--config-path".as_ref(), config.as_os_str()])
            .stdin(text.as_bytes());
        let line = call.line();
        let outcome = call.run(self.host)?;
        if !outcome.success() {
            return match fault(path, text, &outcome.complaint()) {
                Some(fault) => Ok(Err(fault)),
                None => Err(unusable(&line, &outcome)),
            };
        }
        let made = String::from_utf8(outcome.stdout).map_err(|e| {
            Error::general(format!("`{line}` printed what is not UTF-8: {e}")).caused_by(e)
        })?;
        Ok(Ok(Arc::from(made)))
    }
}

fn call(host: &Host, name: &OsString) -> Call {
    // The directory decides the toolchain where rustup is told one for a project.
    Call::new(name, INSTALL)
        .within(&host.env)
        .dir(existing(host.env.dir()))
}

/// Returns the directory, or `.` where a run has none of its own.
fn existing(dir: &Path) -> &Path {
    if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    }
}

/// Returns the file that is run by a name: the first of the search path.
fn located(host: &Host, name: &OsString) -> PathBuf {
    let dir = existing(host.env.dir());
    let is_path = Path::new(name).components().count() > 1;
    let path = host.env.var("PATH").filter(|_| !is_path);
    let places = path.into_iter().flat_map(std::env::split_paths);
    let with_suffix = || {
        let mut name = name.clone();
        name.push(std::env::consts::EXE_SUFFIX);
        name
    };
    let files = places.chain([PathBuf::new()]).flat_map(|place| {
        let place = dir.join(place);
        [place.join(name), place.join(with_suffix())]
    });
    let mut files = files.filter(|file| file.is_file());
    files.next().unwrap_or_else(|| dir.join(name))
}

fn unless_faults(all: Vec<Chunk>) -> Result<Vec<(usize, Arc<str>)>> {
    let mut made = Vec::new();
    let mut faults = Vec::new();
    for (i, result) in all {
        match result {
            Ok(text) => made.push((i, text)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        return Ok(made);
    }
    let count = faults.len();
    let what = if count == 1 {
        "source does"
    } else {
        "sources do"
    };
    let message = format!("{count} {what} not parse");
    Err(Error::faults(Kind::General, message, faults))
}

/// Reads where a source does not parse: `error: …` and ` --> <stdin>:1:9`.
fn fault(path: &TreePath, text: &Arc<str>, complaint: &str) -> Option<Fault> {
    let line = complaint
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> <stdin>:"))?;
    let number = line.split(':').next()?.parse().ok()?;
    let message = complaint.lines().find_map(|line| {
        let rest = line.strip_prefix("error")?;
        rest.split_once(": ").map(|(_, message)| message)
    })?;
    let place = Location::line(path.as_str(), Arc::clone(text), number);
    Some(Fault::new(message.to_owned()).at(place))
}

/// Tells that rustfmt is there in name only: rustup's proxy without the component, say.
fn unusable(line: &str, outcome: &Outcome) -> Error {
    let complaint = outcome.complaint();
    let said = complaint.lines().find(|line| !line.trim().is_empty());
    Error::general(format!(
        "`{line}` failed: {}",
        said.unwrap_or("it said nothing")
    ))
    .help(INSTALL)
}
