//! The fork's own code, to be compared with what upstream changed.

use changes::api::{ForkCode, ForkText};
use semver::Version;

use super::project::Project;

/// Returns the fork's own code: what the series that serves a release adds to upstream's
/// files, and the files that are the fork's own.
pub(super) fn fork_code(project: &Project, release: &Version) -> ForkCode {
    let (inputs, manifest) = (&project.inputs, project.manifest());
    let nearest = inputs.series.iter().filter(|one| one.base <= *release);
    let series = nearest.max_by_key(|one| &one.base);
    let series = series.or(inputs.series.first());
    let patches = series.into_iter().flat_map(|series| &series.patches);
    let mut texts: Vec<ForkText> = patches
        .map(|(path, patch)| ForkText::of_patch(patch.file.as_str(), path.as_str(), &patch.text))
        .collect();
    let own = series.into_iter().flat_map(|series| {
        let files = series.files.iter();
        files.map(|(path, file)| (series.owned_path(path).to_string(), path, file))
    });
    let shared = inputs.owned_at(release).map(|owned| {
        let place = manifest.owned_source(owned.stored.as_str());
        (place.to_string(), owned.path, owned.file)
    });
    for (place, path, file) in own.chain(shared) {
        if let Some(code) = file.text().filter(|_| path.as_str().ends_with(".rs")) {
            texts.push(ForkText {
                path: place,
                crate_path: path.to_string(),
                code: code.to_owned(),
            });
        }
    }
    let names = [&manifest.upstream.name, &manifest.fork.name];
    let names = names.map(|name| name.replace('-', "_"));
    ForkCode::of(&texts, &names.each_ref().map(String::as_str))
}
