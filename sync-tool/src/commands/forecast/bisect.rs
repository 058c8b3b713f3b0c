//! The first commit of upstream's that breaks each patch.

use std::collections::BTreeMap;

use recipe::error::{Error, Result};
use recipe::manifest::Manifest;
use recipe::merge::{LayerOptions, Sides, merge_in_layers};
use recipe::release::Release;
use recipe::series::{StoredPatch, StoredSeries, choose};
use recipe::tree::{File, Tree, TreePath};
use upstream::git::{Commit, History};

use super::NextSteps;
use crate::commands::context::Context;
use crate::commands::pipeline::{Pipeline, PreparedRelease};
use crate::commands::project::Project;
use crate::commands::status::{or_error, or_reason};
use crate::report::BrokenPatch;

/// Where the patches of the series that serves the first release stop applying.
pub(super) struct Breaks {
    series: StoredSeries,
    /// Where each patch applied last: the commit, and the file there.
    whole: BTreeMap<TreePath, Good>,
    broken: Vec<Broken>,
}

#[derive(Clone)]
struct Good {
    commit: Option<String>,
    text: String,
}

struct Broken {
    path: TreePath,
    good: Good,
    release: Release,
}

impl Breaks {
    /// Begins at a release; `None` where no patch serves it as it is.
    pub(super) fn begin(project: &Project, begin: &PreparedRelease) -> Option<Breaks> {
        let version = &begin.release.version;
        let choice = choose(&project.inputs.series, version, &begin.prepared.tree);
        let series = choice.series?.clone();
        let mut breaks = Breaks {
            whole: BTreeMap::new(),
            broken: Vec::new(),
            series,
        };
        for path in choice.fit.applied.keys() {
            let good = good(begin, path)?;
            breaks.whole.insert(path.clone(), good);
        }
        Some(breaks)
    }

    /// Sees which patches no longer apply at the next release.
    pub(super) fn see(&mut self, ready: &PreparedRelease) {
        let applied = self.series.apply_to(&ready.prepared.tree).applied;
        for path in self.whole.keys().cloned().collect::<Vec<_>>() {
            if applied.contains_key(&path)
                && let Some(good) = good(ready, &path)
            {
                self.whole.insert(path, good);
            } else if let Some(good) = self.whole.remove(&path) {
                self.broken.push(Broken {
                    path,
                    good,
                    release: ready.release.clone(),
                });
            }
        }
    }
}

/// Where the commits are searched.
pub(super) struct Commits<'a, 'p, 'h> {
    pub context: &'a Context<'a>,
    pub pipeline: &'a Pipeline<'p>,
    pub manifest: &'a Manifest,
    pub history: Option<&'a History<'h>>,
}

impl Commits<'_, '_, '_> {
    /// Finds the commit that breaks each patch. What is not known is told at the patch.
    ///
    /// # Errors
    ///
    /// The interrupt alone.
    pub(super) fn that_break(
        &self,
        breaks: &Breaks,
        next_steps: &mut NextSteps,
    ) -> Result<Vec<BrokenPatch>> {
        let mut all = Vec::new();
        for broken in &breaks.broken {
            let patch = &breaks.series.patches[&broken.path];
            let search = Search {
                broken,
                patch,
                of: self,
            };
            let conflicts = or_reason(search.state_of(&broken.release.tree))?;
            let conflicts = conflicts.is_ok_and(|state| state == State::Conflict);
            let (commit, unknown) = match or_error(search.first(conflicts))? {
                Ok(commit) => (Some(commit), None),
                Err(e) => {
                    next_steps.add(&e);
                    (None, Some(e.to_string()))
                }
            };
            all.push(BrokenPatch {
                path: broken.path.clone(),
                series: breaks.series.base.clone(),
                release: broken.release.version.clone(),
                conflicts,
                commit,
                unknown,
            });
        }
        Ok(all)
    }
}

fn good(ready: &PreparedRelease, path: &TreePath) -> Option<Good> {
    Some(Good {
        commit: ready.release.commit.clone(),
        text: text(&ready.prepared.tree, path)?.to_owned(),
    })
}

fn text<'t>(tree: &'t Tree, path: &TreePath) -> Option<&'t str> {
    tree.get(path.as_str())?.text()
}

/// What becomes of a patch at a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Exact,
    Merged,
    Conflict,
}

struct Search<'a, 'p, 'h> {
    broken: &'a Broken,
    patch: &'a StoredPatch,
    of: &'a Commits<'a, 'p, 'h>,
}

impl Search<'_, '_, '_> {
    /// Finds the first commit at which the patch does no longer apply, or where it is in
    /// conflict in the end, the first at which it is.
    fn first(&self, conflicts: bool) -> Result<Commit> {
        let Broken {
            path,
            good,
            release,
        } = self.broken;
        let unknown = |why: &str| Err(Error::general(why.to_owned()));
        let (Some(history), Some(from), Some(to)) =
            (self.of.history, &good.commit, &release.commit)
        else {
            return unknown("no clone with the history is given");
        };
        let host = self.of.context.host;
        let step = host
            .status
            .step(&format!("searching the history of {path}"));
        let mut commits = history.commits_between([from, to], path)?;
        commits.reverse();
        let least = match conflicts {
            true => State::Conflict,
            false => State::Merged,
        };
        let (mut low, mut high) = (0, commits.len());
        while low < high {
            host.interrupt().check()?;
            step.done((commits.len() - (high - low)) as u64, commits.len() as u64);
            let middle = low.midpoint(high);
            let state = match history.text(&commits[middle].id, path)? {
                Some(text) => {
                    let mut tree = release.tree.clone();
                    tree.insert(path.clone(), File::regular(text.into_bytes()));
                    self.state_of(&tree)?
                }
                None => State::Conflict,
            };
            match state >= least {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        match commits.into_iter().nth(low) {
            Some(commit) => Ok(commit),
            None => unknown("no single commit of the file is to blame: it is broken by others"),
        }
    }

    /// Says what becomes of the patch where upstream's files are these.
    fn state_of(&self, tree: &Tree) -> Result<State> {
        let release = Release {
            tree: tree.clone(),
            ..self.broken.release.clone()
        };
        let ready = self.of.pipeline.prepared(self.of.manifest, release)?;
        let Some(theirs) = text(&ready.prepared.tree, &self.broken.path) else {
            return Ok(State::Conflict);
        };
        if self.patch.patch.apply(theirs).is_ok() {
            return Ok(State::Exact);
        }
        let base = &self.broken.good.text;
        let ours = self.patch.patch.apply(base).map(|applied| applied.text);
        let Ok(ours) = ours else {
            return Ok(State::Conflict);
        };
        let edition = ready.inherited.edition.as_str();
        let renames = Vec::new();
        let options = LayerOptions {
            is_rust: self.broken.path.as_str().ends_with(".rs"),
            renames: &renames,
            formatter: Some((self.of.pipeline.formatter, edition)),
        };
        let sides = Sides {
            base,
            ours: &ours,
            theirs,
        };
        let merged = merge_in_layers(sides, &options).map_err(|e| Error::general(e.to_string()))?;
        Ok(match merged.merge.is_clean() {
            true => State::Merged,
            false => State::Conflict,
        })
    }
}
