//! Runs gates.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use host::process::{Call, Outcome, Stream};
use host::status::Step;
use recipe::address::masked_in;
use recipe::error::{Error, Result};

use super::Cargo;
use crate::gate::{CrateManifest, Gate, GateOutcome, GateResult, Transcript};
use crate::suite::VerdictCounts;

impl Cargo<'_> {
    /// Runs a gate on the crate in a directory.
    ///
    /// A gate that fails is a result; [`GateResult::error`] makes an error of it.
    ///
    /// # Errors
    ///
    /// Fails where the gate cannot be run: no cargo, a Rust that is too old, a
    /// crate that an outer workspace would take up, an interrupt.
    pub fn run(&self, dir: &Path, gate: &Gate) -> Result<GateResult> {
        let begun = Instant::now();
        let dir = std::path::absolute(self.host.env.dir().join(dir))
            .map_err(|e| Error::io("find", dir, e))?;
        self.check_crate(&dir)?;
        let mut log = Log::open(self.logs.as_deref(), &gate.key)?;
        let mut transcript = Transcript::default();
        let mut ended = None;
        let step = self.host.status.step(&gate.title);
        for args in &gate.steps {
            transcript.next_step();
            let call = self.gate_call(&dir, args);
            let outcome = self.watch(call, &mut transcript, &mut log, &*step)?;
            ended = Some(outcome.status);
            if !outcome.success() {
                break;
            }
        }
        let warnings = transcript.warnings();
        let runs = transcript.runs(&gate.features());
        let outcome = match ended {
            Some(ended) => transcript.verdict(gate, ended),
            None => GateOutcome::None,
        };
        Ok(GateResult {
            key: gate.key.clone(),
            title: gate.title.clone(),
            outcome,
            runs,
            verdicts: VerdictCounts::default(),
            warnings,
            duration: begun.elapsed(),
            log: log.finish(),
        })
    }

    /// Looks at what can be known before anything is built.
    fn check_crate(&self, dir: &Path) -> Result<()> {
        let path = dir.join("Cargo.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
        let manifest = CrateManifest::parse(&path.to_string_lossy(), &text)?;
        if !manifest.own_workspace {
            let message = format!(
                "{} has no `[workspace]`: a workspace around it would take it up",
                path.display()
            );
            return Err(Error::general(message)
                .help("add an empty table `[workspace]` at the end of the file"));
        }
        self.check_rust(&manifest.name, manifest.rust_version.as_deref())
    }

    /// Runs cargo and reads what it prints.
    pub(super) fn watch(
        &self,
        call: Call,
        transcript: &mut Transcript,
        log: &mut Log,
        step: &dyn Step,
    ) -> Result<Outcome> {
        let line = call.line();
        log.line(&format!("$ {line}"));
        let mut shown = (0, 0);
        let outcome = call.run_lines(self.host, |stream, line| match stream {
            Stream::Stderr => {
                log.line(line);
                let waits = "Blocking waiting for file lock on build";
                if line.trim_start().starts_with(waits) {
                    let other = "waiting for another cargo that builds in the same directory";
                    self.host.status.note(other);
                }
                if let Some(at) = transcript.stderr(line) {
                    step.at(&at);
                }
            }
            Stream::Stdout => {
                if let Some(line) = transcript.stdout(line) {
                    log.line(&line);
                }
                let tests = transcript.tests_done();
                if tests != shown {
                    shown = tests;
                    step.at(&format!("{} tests run", tests.0));
                    step.done(tests.0, tests.1);
                }
            }
        })?;
        log.line(&format!("# {}", outcome.status));
        if !outcome.success() && self.is_no_toolchain(&outcome.complaint()) {
            return Err(self.failed(&line, &outcome));
        }
        Ok(outcome)
    }

    fn gate_call(&self, dir: &Path, args: &[String]) -> Call {
        let manifest = dir.join("Cargo.toml");
        self.cargo(dir)
            .args(args)
            .args(["--locked", "--message-format=json"])
            .args(["--manifest-path".as_ref(), manifest.as_os_str()])
            .args(["--target-dir".as_ref(), self.target_dir.as_os_str()])
    }
}

/// The file with the whole output of a gate. What cannot be written is left out.
#[derive(Default)]
pub(super) struct Log {
    file: Option<(PathBuf, File)>,
    failed: Option<std::io::Error>,
}

impl Log {
    pub(super) fn open(dir: Option<&Path>, key: &str) -> Result<Self> {
        let open = |dir: &Path| {
            std::fs::create_dir_all(dir).map_err(|e| Error::io("make", dir, e))?;
            let path = dir.join(format!("{key}.log"));
            let file = File::create(&path).map_err(|e| Error::io("write", &path, e))?;
            Ok((path, file))
        };
        Ok(Log {
            file: dir.map(open).transpose()?,
            failed: None,
        })
    }

    pub(super) fn line(&mut self, line: &str) {
        let Some((_, file)) = self.file.as_mut().filter(|_| self.failed.is_none()) else {
            return;
        };
        let line = format!("{}\n", masked_in(line.trim_end()));
        self.failed = file.write_all(line.as_bytes()).err();
    }

    /// Returns the file. A verdict stands without a log: a full disk must not hide it.
    pub(super) fn finish(self) -> Option<PathBuf> {
        self.failed.is_none().then_some(self.file?.0)
    }
}
