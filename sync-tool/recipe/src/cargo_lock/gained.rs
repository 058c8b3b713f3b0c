//! What a workspace's lock gained when a member was added.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::{Lock, Package, compatible};

/// A difference between two locks that adding a member does not explain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stray {
    /// A package is not there any more.
    #[error("`{name}` {version} is gone")]
    Gone {
        /// Its name.
        name: String,
        /// The version that was there.
        version: Version,
    },
    /// A package is there in another version, or from another place.
    #[error("`{name}` moved from {from} to {to}")]
    Moved {
        /// Its name.
        name: String,
        /// The version that was there.
        from: Version,
        /// The version that is there now.
        to: Version,
    },
    /// A package is new, and not because of the new member.
    #[error("`{name}` {version} is new, and `{member}` does not need it")]
    Uncalled {
        /// Its name.
        name: String,
        /// Its version.
        version: Version,
        /// The new member.
        member: String,
    },
    /// The new member is not there.
    #[error("`{0}` is not in it")]
    NoMember(String),
}

impl Lock {
    /// Returns what a later lock has in another way than this one, except for one
    /// more member and what that needs.
    pub fn strays(&self, later: &Lock, member: &str) -> Vec<Stray> {
        let Ok(own) = later.own(member) else {
            return vec![Stray::NoMember(member.to_owned())];
        };
        let same = |a: &Package, b: &Package| {
            (&a.name, &a.version, &a.source) == (&b.name, &b.version, &b.source)
        };
        let lost = self
            .0
            .iter()
            .filter(|p| !later.0.iter().any(|q| same(p, q)));
        let new: Vec<&Package> = later
            .0
            .iter()
            .filter(|p| !self.0.iter().any(|q| same(p, q)))
            .collect();
        let instead = |p: &Package| {
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
                    Stray::Moved { name, from, to }
                }
                None => Stray::Gone {
                    name,
                    version: from,
                },
            });
        }
        let needed = later.reached(own);
        let uncalled = new.iter().filter(|n| {
            !needed.contains(n.name.as_str()) && !told.contains(&(&n.name, &n.version))
        });
        strays.extend(uncalled.map(|n| Stray::Uncalled {
            name: n.name.clone(),
            version: n.version.clone(),
            member: member.to_owned(),
        }));
        strays
    }

    /// Returns the names of a package and of all that it needs, directly or not.
    fn reached<'l>(&'l self, from: &'l Package) -> BTreeSet<&'l str> {
        let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
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
