//! The page of a report: what an upgrade from the pin would do to the protected files.

use std::collections::BTreeMap;

use page::{Review, State as PageState, Versions};
use recipe::error::Result;
use semver::Version;

use crate::commands::context::{Context, Steps};
use crate::commands::pipeline::{Merging, Outcome, Pipeline};
use crate::commands::project::Project;
use crate::commands::release::locked;
use crate::commands::{conflicts, review};
use crate::open_upgrade::{OpenUpgrade, Request, State};

/// Makes the page without its chapters. A report of an upgrade from elsewhere than the pin
/// tells of no files: they are merged from the pin alone.
///
/// # Errors
///
/// Those of the pipeline, up to the merge.
pub(super) fn page(
    context: &Context<'_>,
    project: &Project,
    pipeline: &Pipeline<'_>,
    [from, to]: [&Version; 2],
) -> Result<Review> {
    let manifest = project.manifest();
    let mut page = review::empty(manifest);
    let pin = &manifest.fork.pin;
    if from == pin {
        let locked = |version| locked(project.lock.as_ref(), version);
        let mut steps = Steps::default();
        let ready = pipeline.ready(manifest, to, locked(to), &mut steps)?;
        let merging = Merging {
            pin: (pin, locked(pin)),
            through: &[],
            resolutions: &project.inputs.resolutions,
        };
        match pipeline.merged(project.inputs.clone(), ready, &merging, &mut steps)? {
            Outcome::Made(forked) => {
                let files = match forked.rebased.is_empty() {
                    true => forked.exact_files(),
                    false => forked.rebased,
                };
                page.files = files
                    .iter()
                    .map(|(path, file)| review::merged(path, file))
                    .collect();
            }
            Outcome::Conflicts(_, rebased) => {
                let request = Request::plain(to);
                let (name, inputs) = (&manifest.fork.name, BTreeMap::new());
                let state = State::new(name, pin, request, inputs, Vec::new(), *rebased);
                let open = OpenUpgrade::unsaved(&context.root, state);
                let told = conflicts::report(context, &open, &project.inputs);
                page = review::of_open(manifest, &open, &told);
                for conflict in page.files.iter_mut().flat_map(|file| &mut file.conflicts) {
                    conflict.next = None;
                }
            }
        }
    }
    let fork = |version: &Version| {
        let known = manifest.fork_version_of(version).cloned();
        known.unwrap_or_else(|| manifest.next_fork_version())
    };
    let versions = |upstream: &Version| Versions {
        fork: fork(upstream).to_string(),
        upstream: upstream.to_string(),
    };
    Ok(Review {
        from: versions(from),
        to: versions(to),
        base: from.to_string(),
        state: PageState::Report,
        next: (from == pin).then(|| format!("wash-wasi-sync upgrade --to v{to}")),
        complete: format!("wash-wasi-sync report --from {from} --to {to} --format json"),
        ..page
    })
}
