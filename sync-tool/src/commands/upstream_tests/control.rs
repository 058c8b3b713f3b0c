//! The control: what failed, with upstream's own crate. What fails there too is not
//! the fork's doing.

use gates::cargo::{TestBuild, TestPackage};
use gates::output::TestProgram;
use gates::suite::{Control, ControlRuns, FeatureSet, Filter, Judge, TestId, TestRun};
use recipe::error::Result;

use super::Suite;

impl Suite<'_> {
    /// Runs what failed against expectation with upstream's own crate, which is built
    /// only then.
    pub(super) fn control(
        &self,
        features: &FeatureSet,
        runs: &[TestRun],
        judge: &Judge<'_>,
    ) -> Result<(Option<Control>, ControlRuns)> {
        let failed = runs.iter().filter(|run| judge.wants_control(run));
        let asked: Vec<&TestId> = failed.map(|run| &run.id).collect();
        if asked.is_empty() {
            return Ok((None, ControlRuns::default()));
        }
        let mut control = Control {
            asked: asked.len(),
            failed_too: 0,
            broken: None,
        };
        let tested = self.tested(&self.workspace.upstream, features);
        let found = match self.cargo.build_tests(tested)? {
            TestBuild::Programs { programs, .. } => self.again(tested, &programs, &asked)?,
            TestBuild::Failed { failure, .. } => {
                control.broken = Some(failure.message);
                ControlRuns::default()
            }
        };
        Ok((Some(control), found))
    }

    /// Runs the tests of the same targets and names, where there are such.
    fn again(
        &self,
        tested: TestPackage<'_>,
        programs: &[TestProgram],
        asked: &[&TestId],
    ) -> Result<ControlRuns> {
        let runner = self.runner();
        let mut cases = Vec::new();
        for program in programs {
            let target = program.target.across();
            let same = asked.iter().filter(|id| id.target.across() == target);
            let names: Vec<&str> = same.map(|id| id.name.as_str()).collect();
            if !names.is_empty() {
                let listed = runner.list(program, tested.features)?.into_iter();
                cases.extend(listed.filter(|case| names.contains(&case.id.name.as_str())));
            }
        }
        let status = &self.context.host.status;
        let step = status.step("running what failed with upstream's own crate");
        let runs = runner.run(&cases, |run| step.at(&run.id.shown()))?;
        drop(step);
        let place = self.manifest.upstream.path.as_str();
        let mut found = ControlRuns::default();
        found.add(&runs, place);
        if asked.iter().any(|id| id.is_doc()) {
            let limit = self.wanted.limit;
            let runs = self.cargo.doc_tests(tested, &Filter::default(), limit)?;
            found.add(&runs, place);
        }
        Ok(found)
    }
}
