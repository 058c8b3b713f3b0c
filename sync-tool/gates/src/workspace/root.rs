//! The manifest at the workspace's root, with one more member.

use globset::GlobBuilder;
use recipe::cargo_toml::edit::append;
use recipe::error::{Error, Fault, Kind, Location, Result};
use recipe::tree::TreePath;
use toml_edit::{DocumentMut, Item};

use super::dir_of;

/// Returns where the fork stands in upstream's workspace: beside upstream's crate,
/// so that paths to other crates mean the same.
pub(super) fn member_dir(upstream: &TreePath, fork: &str) -> Result<TreePath> {
    let path = match dir_of(upstream.as_str()) {
        "" => fork.to_owned(),
        above => format!("{above}/{fork}"),
    };
    TreePath::new(&path).map_err(|e| {
        Error::general(format!(
            "the fork has no place in upstream's workspace: {e}"
        ))
        .help("correct `crate` below `[fork]` in manifest.toml")
    })
}

/// Adds a member to the manifest of a workspace; nothing else changes.
pub(super) fn with_member(root: &str, member: &TreePath) -> Result<String> {
    let mut document: DocumentMut = root
        .parse()
        .map_err(|e: toml_edit::TomlError| unusable(format!("it is not TOML: {}", e.message())))?;
    let workspace = document
        .get_mut("workspace")
        .and_then(Item::as_table_like_mut);
    let Some(workspace) = workspace else {
        return Err(unusable("it has no `[workspace]`".to_owned()));
    };
    let excluded = texts(workspace.get("exclude"));
    let is_in = |dir: &str| {
        let rest = member.as_str().strip_prefix(dir.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(dir) = excluded.iter().find(|dir| is_in(dir)) {
        return Err(unusable(format!(
            "it excludes `{dir}`, where `{member}` would be"
        )));
    }
    for text in texts(workspace.get("members")) {
        if text == member.as_str() {
            return Err(unusable(format!("it has a member `{member}` already")));
        }
        if takes_up(&text, member) {
            return Err(unusable(format!(
                "its members `{text}` take up `{member}` already"
            )));
        }
    }
    let members = workspace
        .entry("members")
        .or_insert_with(|| Item::Value(toml_edit::Array::new().into()));
    let Some(members) = members.as_array_mut() else {
        return Err(unusable("its `workspace.members` is not a list".to_owned()));
    };
    append(members, [member.as_str()]);
    Ok(document.to_string())
}

fn texts(item: Option<&Item>) -> Vec<String> {
    let list = item.and_then(Item::as_array);
    let texts = list.into_iter().flat_map(|list| list.iter());
    texts
        .filter_map(|t| t.as_str().map(str::to_owned))
        .collect()
}

fn takes_up(glob: &str, member: &TreePath) -> bool {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(member.as_str()))
}

fn unusable(why: String) -> Error {
    let fault = Fault::new(why).at(Location::file("Cargo.toml")).help(
        "choose another name for the fork, or report it with the release: the tool has to learn this form",
    );
    Error::faults(
        Kind::Upstream,
        "the fork cannot be a member of upstream's workspace",
        vec![fault],
    )
}
