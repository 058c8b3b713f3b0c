//! The process's surroundings: environment, interrupts, the asynchronous runtime.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recipe::error::{Error, Result};
use tokio::sync::watch;

use super::status::{Silent, Status};

/// The environment variables and the directory a run was started with.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    vars: BTreeMap<OsString, OsString>,
    dir: PathBuf,
}

impl Environment {
    /// Reads the process's own.
    ///
    /// # Errors
    ///
    /// Fails where the current directory is gone.
    pub fn of_process() -> Result<Self> {
        let dir = std::env::current_dir().map_err(|e| Error::io("find", Path::new("."), e))?;
        Ok(Environment {
            vars: std::env::vars_os().collect(),
            dir,
        })
    }

    /// Makes one for tests.
    pub fn new(
        dir: impl Into<PathBuf>,
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        Environment {
            vars: vars.into_iter().collect(),
            dir: dir.into(),
        }
    }

    /// Returns a variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|v| !v.is_empty())
    }

    /// Returns every variable.
    pub fn vars(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns a variable as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.var(name)?.to_str()
    }

    /// Returns the directory the run was started in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.var("HOME")
            .or_else(|| self.var("USERPROFILE"))
            .map(PathBuf::from)
    }

    /// Returns cargo's home: `CARGO_HOME`, else `~/.cargo`.
    pub fn cargo_home(&self) -> Option<PathBuf> {
        self.var("CARGO_HOME")
            .map(|v| self.dir.join(v))
            .or_else(|| self.home().map(|h| h.join(".cargo")))
    }

    /// Returns the user's cache directory for this tool, by the XDG rules.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        let base = self
            .var("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|p| p.is_absolute());
        let base = base.or_else(|| self.var("LOCALAPPDATA").map(PathBuf::from));
        let base = base.or_else(|| self.home().map(|h| h.join(".cache")))?;
        Some(base.join("wash-wasi-sync"))
    }
}

/// Tells whether the run is to end: Ctrl-C or a termination signal came.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Makes one that no signal changes, for work that has no host, and for tests.
    pub fn fixed(stop: bool) -> Self {
        Interrupt(watch::channel(stop).1)
    }

    /// Makes one with what raises it.
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (stop, receiver) = watch::channel(false);
        (stop, Interrupt(receiver))
    }

    /// Fails if the run is to end. Long work calls this between its parts.
    ///
    /// # Errors
    ///
    /// [`recipe::Kind::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if *self.0.borrow() {
            Err(Error::interrupted())
        } else {
            Ok(())
        }
    }

    /// Waits until the run is to end.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            // No sender, no interrupt.
            std::future::pending::<()>().await;
        }
    }
}

/// Whether the change that this process decided is being put in place.
static DECIDED: AtomicBool = AtomicBool::new(false);

/// Lets no further signal end the process at once: a change is decided, and to end
/// before it is in place would hide that.
pub fn decided() {
    DECIDED.store(true, Ordering::Relaxed);
}

/// The surroundings of a run, handed to whatever touches it.
pub struct Host {
    runtime: Arc<tokio::runtime::Runtime>,
    stop: watch::Sender<bool>,
    interrupt: Interrupt,
    /// The environment the run was started with.
    pub env: Environment,
    /// Where status and progress go.
    pub status: Arc<dyn Status>,
}

impl Host {
    /// Makes the surroundings. Signals are not listened to until
    /// [`Host::listen_to_signals`] is called.
    ///
    /// # Errors
    ///
    /// Fails where the system gives no thread.
    pub fn new(env: Environment, status: Arc<dyn Status>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| Error::general(format!("cannot start a thread: {e}")))?;
        let (stop, interrupt) = Interrupt::channel();
        Ok(Host {
            runtime: Arc::new(runtime),
            stop,
            interrupt,
            env,
            status,
        })
    }

    /// Returns the same surroundings for work of which nothing is told.
    pub fn silent(&self) -> Host {
        Host {
            runtime: Arc::clone(&self.runtime),
            stop: self.stop.clone(),
            interrupt: self.interrupt.clone(),
            env: self.env.clone(),
            status: Arc::new(Silent),
        }
    }

    /// Ends the run tidily at the first Ctrl-C or SIGTERM, at once at the second; but a
    /// run that has decided its change goes on to its end, which is near.
    pub fn listen_to_signals(&self) {
        let stop = self.stop.clone();
        self.runtime.spawn(async move {
            let mut before = false;
            while signal().await {
                if before && !DECIDED.load(Ordering::Relaxed) {
                    std::process::exit(i32::from(recipe::Kind::Interrupted.exit_code()));
                }
                before = true;
                let _ = stop.send(true);
            }
        });
    }

    /// Ends the run, as the first signal does.
    pub fn stop(&self) {
        let _ = self.stop.send(true);
    }

    /// Returns the interrupt of this run.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Runs asynchronous work to its end, or to the interrupt.
    ///
    /// # Errors
    ///
    /// The work's own, or [`recipe::Kind::Interrupted`]; the work is dropped then.
    pub fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.interrupt.wait() => Err(Error::interrupted()),
                result = work => result,
            }
        })
    }
}

/// Tells whether a terminal's end is to be ignored; so too where the system does not say.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The first bit is that of the first signal, which is this one.
    ignored.is_none_or(|mask| mask & 1 == 1)
}

/// Waits for the next signal to stop. Returns `false` where none is available.
async fn signal() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate), Ok(mut quit)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
            signal(SignalKind::quit()),
        ) else {
            return false;
        };
        // Who started the run with `nohup` wants it to outlive the terminal.
        let mut hangup = match ignores_hangup() {
            true => None,
            false => signal(SignalKind::hangup()).ok(),
        };
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            got = interrupt.recv() => got.is_some(),
            got = terminate.recv() => got.is_some(),
            got = quit.recv() => got.is_some(),
            got = hung_up => got.is_some(),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
