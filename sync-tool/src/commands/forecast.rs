//! `forecast`: what upgrades to the next releases would come to. Nothing is written.

mod bisect;
pub(super) mod fit;
mod points;

use std::collections::{BTreeMap, BTreeSet};

use bisect::{Breaks, Commits};
use changes::api::Api;
use changes::watch::WatchList;
use points::Point;
use recipe::compare::{self, Changed};
use recipe::error::{Error, Kind, Result};
use recipe::listing::joined_by;
use recipe::manifest::FileKind;
use recipe::release::Release;
use recipe::rust_version;
use semver::Version;
use upstream::Upstream;

use super::context::{Access, Context, Steps};
use super::fork_code::fork_code;
use super::pipeline::{Pipeline, PreparedRelease};
use super::project::Project;
use super::radar::ForkRadar;
use super::release::{locked, resolve};
use super::status::{or_error, or_reason};
use super::upstream_tests;
use crate::cli::ForecastArgs;
use crate::report::{FileCounts, ForecastReport, ForecastRow, RadarStep, ReleaseStatus, SeriesFit};

/// Runs the command.
///
/// # Errors
///
/// Where the project or the release to begin at cannot be read, or there is no such target.
/// What fails at a release in between is told in its row.
pub(super) fn run(context: &Context<'_>, args: &ForecastArgs) -> Result<ForecastReport> {
    let (read_lock, project) = context.open(Access::ReadBesideWriter)?;
    // Upstream may take its time.
    drop(read_lock);
    let manifest = project.manifest();
    let upstream = context.upstream(manifest, &args.source)?;
    let upstream = match args.pre {
        true => upstream.with_candidates()?,
        false => upstream,
    };
    let from = match &args.from {
        Some(wanted) => resolve(&upstream, wanted)?,
        None => manifest.fork.pin.clone(),
    };
    let points = points::between(&upstream, &from, args)?;
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &context.formatter(),
        patched: project.inputs.patched(),
    };
    let begin_lock = locked(project.lock.as_ref(), &from);
    let begin = pipeline.ready(manifest, &from, begin_lock, &mut Steps::default())?;
    let rustc = or_reason(upstream_tests::cargo(context, None, None).rustc_version())?;
    let (rustc, rustc_unknown) = match rustc {
        Ok(rustc) => (Some(rustc), None),
        Err(why) => (None, Some(why)),
    };
    let forecast = Forecast {
        context,
        project: &project,
        pipeline: &pipeline,
        radar: ForkRadar::of(&project, &upstream)?,
        rustc: rustc.as_ref(),
    };
    let breaks = args.bisect.then(|| Breaks::begin(&project, &begin));
    let mut so_far = SoFar {
        api: Api::of(&begin.release.tree),
        before: begin.release,
        breaks: breaks.flatten(),
        unread: Vec::new(),
        next_steps: NextSteps::default(),
    };
    let rows = points
        .into_iter()
        .map(|point| forecast.row(point, &mut so_far));
    let rows: Vec<ForecastRow> = rows.collect::<Result<_>>()?;
    let SoFar {
        breaks,
        mut next_steps,
        mut unread,
        ..
    } = so_far;
    let history = upstream.history();
    let search = Commits {
        context,
        pipeline: &pipeline,
        manifest,
        history: history.as_ref(),
    };
    let broken = breaks
        .map(|breaks| search.that_break(&breaks, &mut next_steps))
        .transpose()?;
    let mut notes = notes(&upstream, args);
    notes.append(&mut unread);
    notes.extend(lines_lacking(&upstream, &from, &rows));
    notes.append(&mut next_steps.0);
    Ok(ForecastReport {
        from,
        rustc: rustc.clone(),
        rustc_unknown,
        rows,
        broken,
        notes,
    })
}

/// Says what the source cannot tell.
fn notes(upstream: &Upstream<'_>, args: &ForecastArgs) -> Vec<String> {
    let lacks_commits = args.bisect && upstream.history().is_none();
    let note =
        "the commits are found in a clone with its history: give its path, `--upstream PATH`";
    lacks_commits.then(|| note.to_owned()).into_iter().collect()
}

/// Says which lines of releases a clone does not have: upstream numbers them without gaps.
fn lines_lacking(upstream: &Upstream<'_>, from: &Version, rows: &[ForecastRow]) -> Option<String> {
    let help = upstream.fetch_tags()?;
    let lines = rows.iter().map(|row| row.release.upstream.major);
    let lines: BTreeSet<u64> = lines.collect();
    let between = from.major + 1..*lines.last()?;
    let lacking = between.filter(|line| !lines.contains(line));
    let lacking: Vec<String> = lacking.map(|line| line.to_string()).collect();
    let named = joined_by(", ", &lacking, lacking.len());
    (!lacking.is_empty()).then(|| format!("the clone has no release of the lines {named}; {help}"))
}

/// What is carried from row to row.
struct SoFar {
    /// The release before.
    before: Release,
    /// What it offers.
    api: Api,
    /// Where patches stop applying, where that was asked for.
    breaks: Option<Breaks>,
    /// Releases that the radar did not compare.
    unread: Vec<String>,
    next_steps: NextSteps,
}

impl SoFar {
    fn failed(&mut self, row: &mut ForecastRow, error: &Error) {
        self.next_steps.add(error);
        let why = error.to_string();
        row.release.fit = SeriesFit::Unknown { why };
    }
}

/// How what upstream's repository lacks is fetched, each once: it may lack it of every release.
#[derive(Default)]
struct NextSteps(Vec<String>);

impl NextSteps {
    fn add(&mut self, error: &Error) {
        let step = error.hints().first();
        let step = step.filter(|_| error.kind() == Kind::Upstream && !error.is_unreached());
        let step = step.filter(|step| !self.0.contains(step));
        self.0.extend(step.cloned());
    }
}

struct Forecast<'a> {
    context: &'a Context<'a>,
    project: &'a Project,
    pipeline: &'a Pipeline<'a>,
    radar: ForkRadar<'a, 'a>,
    rustc: Option<&'a Version>,
}

impl Forecast<'_> {
    /// Makes the row of a release. One that cannot be read is told, and the next one is
    /// compared with what was read last.
    fn row(&self, point: Point, so_far: &mut SoFar) -> Result<ForecastRow> {
        self.context.host.interrupt().check()?;
        let mut row = empty(&point);
        let mut steps = Steps::default();
        let manifest = self.project.manifest();
        let ready = match point.release {
            Some(release) => self.pipeline.prepared(manifest, release),
            None => {
                let locked = locked(self.project.lock.as_ref(), &point.version);
                self.pipeline
                    .ready(manifest, &point.version, locked, &mut steps)
            }
        };
        match or_error(ready)? {
            Ok(ready) => self.fill(&mut row, ready, so_far)?,
            Err(e) => so_far.failed(&mut row, &e),
        }
        Ok(row)
    }

    fn fill(
        &self,
        row: &mut ForecastRow,
        ready: PreparedRelease,
        so_far: &mut SoFar,
    ) -> Result<()> {
        let wanted = &ready.inherited.rust_version;
        row.release.rust_version.clone_from(wanted);
        let wanted = wanted.as_deref().and_then(rust_version::parse);
        row.release.rust_is_new_enough = self
            .rustc
            .zip(wanted)
            .map(|(rustc, wanted)| rust_version::is_new_enough(rustc, &wanted));
        row.commit.clone_from(&ready.release.commit);
        let manifest = self.project.manifest();
        let (old, new) = (&so_far.before.tree, &ready.release.tree);
        let changes = compare::changes(manifest, old, new);
        let api = Api::after(new, &so_far.api);
        let fork = fork_code(self.project, &so_far.before.version);
        row.api = so_far.api.changes(&api).used(&so_far.api, &fork);
        row.watch = WatchList::builtin().findings(old, new);
        let steps = self
            .radar
            .steps(&so_far.before, &ready.release, &mut so_far.unread)?;
        let open = steps.iter().flat_map(RadarStep::open);
        row.radar = open.map(|one| one.item.item.clone()).collect();
        for change in &changes {
            let counts = row.files.entry(change.kind).or_default();
            count(counts, change.what);
        }
        row.protected = changes;
        row.protected
            .retain(|c| c.kind == FileKind::Patched && c.what != Changed::Changed);
        so_far.before = ready.release.clone();
        so_far.api = api;
        if let Some(breaks) = &mut so_far.breaks {
            breaks.see(&ready);
        }
        let fit = fit::at(self.pipeline, self.project, ready, &mut Steps::default());
        match or_error(fit)? {
            Ok(fit) => {
                row.release.fit = fit.series;
                row.patches = fit.patches;
                row.taken = fit.taken;
            }
            Err(e) => so_far.failed(row, &e),
        }
        Ok(())
    }
}

fn count(counts: &mut FileCounts, what: Changed) {
    *match what {
        Changed::New => &mut counts.new,
        Changed::Gone => &mut counts.gone,
        Changed::Changed => &mut counts.changed,
    } += 1;
}

fn empty(point: &Point) -> ForecastRow {
    ForecastRow {
        release: ReleaseStatus {
            upstream: point.version.clone(),
            rust_version: None,
            rust_is_new_enough: None,
            fit: SeriesFit::Unknown { why: String::new() },
        },
        reference: point.reference.clone(),
        commit: None,
        yanked: point.yanked,
        files: BTreeMap::new(),
        protected: Vec::new(),
        patches: Vec::new(),
        taken: Vec::new(),
        api: Vec::new(),
        watch: Vec::new(),
        radar: Vec::new(),
    }
}
