//! Names that theirs no longer has, and that lines of ours would bring back: a merge of such
//! lines is sure to be wrong, though it parses.

use std::collections::HashSet;
use std::ops::Range;

use super::source::{Child, Kind, Role, Source};
use super::{Outcome, Sources};
use crate::merge::{Layer, MergeError, MergedHunk, difference};

/// Where a name stood in base, and stands in theirs no more.
#[derive(PartialEq, Eq, Hash)]
enum Gone {
    /// Nowhere in the file.
    File,
    /// A variable, nowhere in the function.
    Function,
}

impl Sources<'_> {
    /// Returns the lines of ours, counted from 0, that would bring a name back in changes that
    /// the merge by lines does not make. Imports say for themselves what is imported.
    ///
    /// # Errors
    ///
    /// Those of the merge by lines.
    pub(in crate::merge) fn stale_lines(
        &self,
        outcome: &Outcome<'_>,
        hunks: &[MergedHunk],
    ) -> Result<Vec<usize>, MergeError> {
        let [base, ours, _] = &self.0;
        let mut names = HashSet::new();
        for hunk in hunks.iter().filter(|hunk| hunk.layer > Layer::Lines) {
            let lines = hunk.lines.start - 1..hunk.lines.end - 1;
            if !outcome.is_import(&lines) {
                self.gone(&outcome.0, &lines, &mut names);
            }
        }
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let [old, new] = [base, ours].map(|source| source.lines.concat());
        let mut stale = Vec::new();
        for edit in difference::edits(&old, &new)? {
            let tokens = ours.tokens_of(&edit.new).iter();
            let brings_back = tokens.filter(|token| {
                let is = |gone| names.contains(&(token.digest, gone));
                token.role != Role::None && is(Gone::File)
                    || token.role == Role::Name && is(Gone::Function)
            });
            stale.extend(brings_back.map(|token| token.start));
        }
        Ok(stale)
    }

    /// Collects the names of lines of an outcome that are gone.
    fn gone(&self, outcome: &Source<'_>, lines: &Range<usize>, names: &mut HashSet<(u64, Gone)>) {
        let [base, _, theirs] = &self.0;
        let function = outcome.function_at(lines);
        let same = |source| {
            function
                .as_ref()
                .and_then(|(path, _)| Source::by_path(source, path))
        };
        let of_function = function.as_ref().zip(same(base)).zip(same(theirs));
        for token in outcome.tokens_of(lines) {
            let digest = token.digest;
            if token.role == Role::None {
                continue;
            }
            let has = |source: &Source<'_>| source.names.contains(&digest);
            if has(base) && !has(theirs) && !outcome.binds(digest, &(0..outcome.lines.len())) {
                names.insert((digest, Gone::File));
            }
            if let Some((((_, merged), old), new)) = of_function
                && token.role == Role::Name
                && base.binds(digest, &old.lines)
                && !theirs.binds(digest, &new.lines)
                && !theirs.uses(digest, &new.lines)
                && !outcome.binds(digest, &merged.lines)
            {
                names.insert((digest, Gone::Function));
            }
        }
    }
}

impl Source<'_> {
    fn binds(&self, name: u64, lines: &Range<usize>) -> bool {
        let mut bound = self.bound.iter();
        bound.any(|(bound, line)| *bound == name && lines.contains(line))
    }

    fn uses(&self, name: u64, lines: &Range<usize>) -> bool {
        let mut tokens = self.tokens_of(lines).iter();
        tokens.any(|token| token.role == Role::Name && token.digest == name)
    }

    /// Returns the innermost function with a name that lines are in, and the way to it.
    fn function_at(&self, lines: &Range<usize>) -> Option<(Vec<u64>, &Child)> {
        let (mut path, mut found) = (Vec::new(), None);
        let mut container = Some(&self.root);
        while let Some(child) = container.and_then(|inner| inner.child_at(lines)) {
            if child.label.key.is_none() {
                break;
            }
            path.push(child.id);
            if child.label.kind == Kind::Function {
                found = Some((path.clone(), child));
            }
            container = child.container_at(lines);
        }
        found
    }

    fn by_path(&self, path: &[u64]) -> Option<&Child> {
        let (last, around) = path.split_last()?;
        let mut containers = vec![&self.root];
        for id in around {
            let children = containers.iter().flat_map(|inner| &inner.children);
            let child = children.into_iter().find(|child| child.id == *id)?;
            containers = child.inner.iter().collect();
        }
        let mut children = containers.into_iter().flat_map(|inner| &inner.children);
        children.find(|child| child.id == *last)
    }
}
