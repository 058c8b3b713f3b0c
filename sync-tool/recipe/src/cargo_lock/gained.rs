//! What a workspace's lock gained when a member was added.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::{CargoLock, LockedPackage, compatible};

/// A difference between two locks that adding a member does not explain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum UnexplainedChange {
    #[error("`{name}` {version} is gone")]
    Gone { name: String, version: Version },
    #[error("`{name}` moved from {from} to {to}")]
    Moved {
        name: String,
        from: Version,
        to: Version,
    },
    #[error("`{name}` {version} is new, and `{member}` does not need it")]
    NotNeeded {
        name: String,
        version: Version,
        member: String,
    },
    #[error("`{0}` is not in it")]
    NoMember(String),
}

impl CargoLock {
    /// Returns what a later lock has in another way than this one, except for one
    /// more member and what that needs.
    pub fn strays(&self, later: &CargoLock, member: &str) -> Vec<UnexplainedChange> {
        let Ok(own) = later.own(member) else {
            return vec![UnexplainedChange::NoMember(member.to_owned())];
        };
        let same = |a: &LockedPackage, b: &LockedPackage| {
            (&a.name, &a.version, &a.source) == (&b.name, &b.version, &b.source)
        };
        let lost = self
            .0
            .iter()
            .filter(|p| !later.0.iter().any(|q| same(p, q)));
        let new: Vec<&LockedPackage> = later
            .0
            .iter()
            .filter(|p| !self.0.iter().any(|q| same(p, q)))
            .collect();
        let instead = |p: &LockedPackage| {
            new.iter()
                .find(|n| n.name == p.name && compatible(&n.version, &p.version))
        };
        let mut strays = Vec::new();
        let mut told = BTreeSet::new();
        for p in lost {
            let (name, from) = (p.name.clone(), p.version.clone());
            strays.push(match instead(p) {
                Some(n) => {
                    told.insert((&n.name, &n.version));
                    let to = n.version.clone();
                    UnexplainedChange::Moved { name, from, to }
                }
                None => UnexplainedChange::Gone {
                    name,
                    version: from,
                },
            });
        }
        let needed = later.reached(own);
        let uncalled = new.iter().filter(|n| {
            !needed.contains(n.name.as_str()) && !told.contains(&(&n.name, &n.version))
        });
        strays.extend(uncalled.map(|n| UnexplainedChange::NotNeeded {
            name: n.name.clone(),
            version: n.version.clone(),
            member: member.to_owned(),
        }));
        strays
    }

    /// Returns the names of a package and of all that it needs, directly or not.
    fn reached<'l>(&'l self, from: &'l LockedPackage) -> BTreeSet<&'l str> {
        let mut by_name: BTreeMap<&str, Vec<&LockedPackage>> = BTreeMap::new();
        for package in &self.0 {
            by_name.entry(&package.name).or_default().push(package);
        }
        let mut reached = BTreeSet::from([from.name.as_str()]);
        let mut open = vec![from.name.as_str()];
        while let Some(name) = open.pop() {
            let packages = by_name.get(name).into_iter().flatten();
            for needed in packages.flat_map(|package| &package.dependencies) {
                if reached.insert(needed) {
                    open.push(needed);
                }
            }
        }
        reached
    }
}
