//! `vendor`: the tree of the pinned release.

use recipe::error::Result;

use super::context::{Access, Context, Steps};
use super::install::Installer;
use super::pipeline::Pipeline;
use super::release::{UPGRADE, builds_here, locked};
use super::verified::Verify;
use crate::cli::VendorArgs;
use crate::report::MadeReport;

/// Runs the command.
///
/// # Errors
///
/// Those of every step; the tree is untouched then.
pub(super) fn run(context: &Context<'_>, args: &VendorArgs) -> Result<MadeReport> {
    let (lock, project) = context.open(Access::Write)?;
    let vendored = project.vendored()?;
    project.not_converted()?;
    vendored.no_edits(project.manifest(), args.edits.discard_edits)?;
    let upstream = context.upstream(project.manifest(), &args.source)?;
    let formatter = context.formatter();
    let pipeline = Pipeline {
        upstream: &upstream,
        formatter: &formatter,
        patched: project.inputs.patched(),
    };
    let mut steps = Steps::default();
    let inputs = project.inputs.clone();
    let pin = inputs.manifest.fork.pin.clone();
    let locked = locked(project.lock.as_ref(), &pin);
    let ready = pipeline.ready(&inputs.manifest, &pin, locked, &mut steps)?;
    let installer = Installer {
        context,
        project: &project,
        vendored: &vendored,
        command: "vendor",
        verify: if args.verify {
            Verify::All
        } else {
            Verify::Skip("vendor without --verify")
        },
        check_only: false,
        upstream: (!args.no_upstream_tests).then_some(&upstream),
        toolchain: args.toolchain.clone(),
        locked: args.locked,
    };
    if args.verify {
        let (cargo, manifest) = (installer.cargo()?, project.manifest());
        builds_here(&cargo, &upstream, manifest, &ready, UPGRADE)?;
    }
    let forked = pipeline.exact(inputs, ready, &mut steps)?;
    installer.install(lock.write_lock(), forked, steps)
}
