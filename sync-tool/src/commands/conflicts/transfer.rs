//! An open upgrade goes to another machine.

use std::path::Path;

use recipe::error::{Error, Kind, Result};

use super::{Listed, opened, report};
use crate::commands::context::{Access, Context};
use crate::open_upgrade::OpenUpgrade;

/// Writes an open upgrade to a directory, for another machine.
pub(super) fn export(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Read)?;
    let open = opened(context, &project)?;
    let to = context.host.env.dir().join(dir);
    let below = to
        .strip_prefix(&context.root)
        .ok()
        .and_then(|below| below.to_str());
    if below.is_some_and(|below| project.owns(below)) {
        let message = format!(
            "{} is a directory that the project reads or writes",
            dir.display()
        );
        return Err(Error::new(Kind::Usage, message).help("name one outside of it"));
    }
    open.copy_to(&to)?;
    Ok(Listed::Done(format!(
        "exported to {0}; on another machine `wash-wasi-sync conflicts import {0}` goes on with it\n",
        dir.display()
    )))
}

/// Takes up an upgrade that another machine exported.
pub(super) fn import(context: &Context<'_>, dir: &Path) -> Result<Listed> {
    let (_lock, project) = context.open(Access::Write)?;
    let from = context.host.env.dir().join(dir);
    let mut foreign = OpenUpgrade::load(&from)?.ok_or_else(|| {
        Error::general(format!("{} holds no exported upgrade", dir.display()))
            .help("export one where it is open: `wash-wasi-sync conflicts export DIR`")
    })?;
    let manifest = project.manifest();
    if foreign.state.fork != manifest.fork.name {
        return Err(Error::general(format!(
            "the exported upgrade is of `{}`, and this project is `{}`",
            foreign.state.fork, manifest.fork.name
        )));
    }
    if foreign.state.pin != manifest.fork.pin {
        return Err(Error::general(format!(
            "the exported upgrade begins at upstream {}, and this project is at {}",
            foreign.state.pin, manifest.fork.pin
        ))
        .help("check out the commit that it was begun from"));
    }
    let to = context.open_upgrade_dir(manifest)?;
    // What is run, and from where, is for whoever runs it to say; here it was said.
    let is_own = to.parent().is_some_and(|work| from.starts_with(work));
    let dropped = match is_own {
        true => Vec::new(),
        false => foreign.state.request.keep_what_is_asked(),
    };
    if !dropped.is_empty() {
        context.host.status.warn(&format!(
            "not taken from the export, give it to `continue` where it is wanted: {}",
            dropped.join(", ")
        ));
    }
    OpenUpgrade::clear_leftover(&to)?;
    let open = foreign.copy_to(&to)?;
    Ok(Listed::All(Box::new(report(
        context,
        &open,
        &project.inputs,
    ))))
}
