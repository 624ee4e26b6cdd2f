//! Which packages one call of cargo builds: cargo unites the features of those that are built together.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use super::RELEASE;

/// Packages that one call of cargo builds.
#[derive(Debug, PartialEq)]
pub struct Group {
    /// Their profile.
    pub profile: String,
    /// Their names.
    pub packages: Vec<String>,
}

/// The packages in groups of the same profile and the same dependencies, for which cargo resolves the same features alone and
/// together. In the order in which they are named.
pub fn groups(root: &Path, packages: &[&str]) -> Result<Vec<Group>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("cannot read the workspace")?;
    let known: HashMap<&str, &Package> = metadata
        .packages
        .iter()
        .map(|package| (package.name.as_str(), package))
        .collect();
    let mut groups: Vec<(Vec<String>, Group)> = Vec::new();
    for name in packages {
        let package = known.get(name);
        let package = package.with_context(|| format!("no package {name}"))?;
        let (profile, dependencies) = (profile(package), dependencies(package));
        let is_same = |(other, group): &&mut (Vec<String>, Group)| {
            *other == dependencies && group.profile == profile
        };
        if let Some((_, group)) = groups.iter_mut().find(is_same) {
            group.packages.push((*name).to_owned());
        } else {
            let group = Group {
                profile: profile.to_owned(),
                packages: vec![(*name).to_owned()],
            };
            groups.push((dependencies, group));
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// The profile that a package's manifest names.
fn profile(package: &Package) -> &str {
    let named = &package.metadata["step"]["profile"];
    named.as_str().unwrap_or(RELEASE)
}

/// What a package asks for: the same text, the same features all the way down.
fn dependencies(package: &Package) -> Vec<String> {
    let built = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    let mut told: Vec<String> = built
        .map(|it| {
            let mut features = it.features.clone();
            features.sort();
            format!(
                "{} {} {:?} {} {features:?}",
                it.kind, it.name, it.req, it.uses_default_features
            )
        })
        .collect();
    told.sort();
    told
}
