//! A function that is a crate of its own, outside this repository, as cargo-lambda deploys one: its settings are in
//! `[package.metadata.lambda.deploy]`, and it is built with the release profile and cargo-lambda's own defaults for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{MetadataCommand, Package};
use serde::Deserialize;
use toml_edit::DocumentMut;

use crate::builder;

/// The file that makes a folder such a crate.
pub(crate) const MANIFEST: &str = "Cargo.toml";

/// What `cargo lambda build --release` sets in the release profile where the manifest does not
/// (cargo-lambda-metadata, `cargo_release_profile_config`).
const DEFAULTS: [(&str, &str); 4] = [
    ("strip", "\"symbols\""),
    ("lto", "\"thin\""),
    ("codegen-units", "1"),
    ("panic", "\"abort\""),
];

/// A crate that is not built yet.
#[derive(Debug, Clone)]
pub struct CargoProject {
    folder: PathBuf,
    package: String,
    /// The executable's name, which is the function's for cargo-lambda.
    pub binary: String,
    /// What the manifest says of its deployment.
    pub deploy: Deploy,
    /// What the manifest leaves to cargo-lambda, as `--config` takes it.
    settings: Vec<String>,
}

/// `[package.metadata.lambda.deploy]`, as far as it says how a function runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Deploy {
    /// Memory size, MB.
    #[serde(default, alias = "memory-size", alias = "memory_size")]
    pub memory: Option<u32>,
    /// The time that one invocation may take, s.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// Environment variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

impl CargoProject {
    /// The crate in `folder`; none where it has no manifest.
    ///
    /// # Errors
    /// Where cargo cannot read the manifest, or it does not say which executable is meant.
    pub fn at(folder: &Path) -> Result<Option<Self>> {
        let manifest = folder.join(MANIFEST);
        if !manifest.is_file() {
            return Ok(None);
        }
        let shown = manifest.display();
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .current_dir(folder)
            .no_deps()
            .exec()
            .with_context(|| format!("cargo cannot read {shown}"))?;
        let manifest = manifest.canonicalize().with_context(|| shown.to_string())?;
        let mut packages = metadata.packages.iter();
        let Some(package) = packages.find(|it| it.manifest_path == manifest) else {
            let names = metadata.packages.iter().map(|it| it.manifest_path.as_str());
            let names: Vec<&str> = names.collect();
            bail!(
                "{shown} is a workspace and no package: name the folder of one, of {}",
                names.join(", ")
            );
        };
        let root = metadata.workspace_root.join(MANIFEST);
        let text = std::fs::read_to_string(&root).with_context(|| format!("cannot read {root}"))?;
        Ok(Some(Self {
            folder: folder.to_owned(),
            package: package.name.to_string(),
            binary: binary(package).with_context(|| shown.to_string())?,
            deploy: deploy(package).with_context(|| {
                format!("{shown}: [package.metadata.lambda.deploy] cannot be read")
            })?,
            settings: left_to_cargo_lambda(&text),
        }))
    }

    /// Builds it with its own toolchain and answers where its executable is. Not for Amazon Linux: for this machine.
    pub async fn build(&self) -> Result<PathBuf> {
        let mut selection = vec!["--package", &self.package, "--bin", &self.binary];
        for setting in &self.settings {
            selection.extend(["--config", setting]);
        }
        builder::build_elsewhere(&self.folder, &self.package, &selection).await
    }
}

fn binary(package: &Package) -> Result<String> {
    let targets = package.targets.iter().filter(|target| target.is_bin());
    let mut names: Vec<&String> = targets.map(|target| &target.name).collect();
    if let Some(default) = &package.default_run {
        names.retain(|name| *name == default);
    }
    match names[..] {
        [name] => Ok(name.clone()),
        [] => bail!(
            "{} has no executable, which is what Lambda starts",
            package.name
        ),
        _ => {
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            bail!(
                "{} has the executables {}: default-run = \"...\" in [package] says which is meant",
                package.name,
                names.join(", ")
            )
        }
    }
}

fn deploy(package: &Package) -> Result<Deploy> {
    let deploy = package.metadata.pointer("/lambda/deploy");
    let deploy = deploy.cloned().map(serde_json::from_value).transpose()?;
    Ok(deploy.unwrap_or_default())
}

/// The settings that a workspace's manifest does not make.
fn left_to_cargo_lambda(manifest: &str) -> Vec<String> {
    let document: DocumentMut = manifest.parse().unwrap_or_default();
    let release = || document.get("profile")?.get("release")?.as_table_like();
    let says = |key: &str| release().is_some_and(|release| release.contains_key(key));
    let left = DEFAULTS.into_iter().filter(|(key, _)| {
        // Whoever wants debug information wants symbols.
        !(says(key) || *key == "strip" && says("debug"))
    });
    left.map(|(key, value)| format!("profile.release.{key}={value}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn at(manifest: &str, sources: &[&str]) -> Result<Option<CargoProject>> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        for source in sources {
            let path = folder.path().join(source);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "fn main() {}").unwrap();
        }
        CargoProject::at(folder.path())
    }

    #[test]
    fn a_manifest_says_how_it_is_deployed_and_the_rest_is_cargo_lambdas() {
        let manifest = "[package]\nname = \"orders\"\nedition = \"2024\"\n[profile.release]\nlto = true\ndebug = 1\n\
                        [package.metadata.lambda.deploy]\nmemory = 512\ntimeout = 7\nenv = { TABLE = \"orders\" }\n\
                        tracing = \"active\"\n[workspace]\n";
        let project = at(manifest, &["src/main.rs"]).unwrap().unwrap();
        assert_eq!(project.binary, "orders");
        let Deploy {
            memory,
            timeout,
            env,
        } = project.deploy;
        assert_eq!((memory, timeout), (Some(512), Some(7)));
        assert_eq!(env["TABLE"], "orders");
        assert_eq!(
            project.settings,
            [
                "profile.release.codegen-units=1",
                "profile.release.panic=\"abort\""
            ]
        );
    }

    #[test]
    fn a_manifest_that_names_no_one_executable_is_refused() {
        let package = "[package]\nname = \"orders\"\nedition = \"2024\"\n[workspace]\n";
        let error =
            |manifest: &str, sources: &[&str]| format!("{:#}", at(manifest, sources).unwrap_err());
        assert!(at("", &[]).is_err(), "an empty manifest");
        let two = ["src/bin/a.rs", "src/bin/b.rs"];
        assert!(error(package, &two).contains("has the executables a, b: default-run"));
        let default = package.replace("[workspace]", "default-run = \"b\"\n[workspace]");
        assert_eq!(at(&default, &two).unwrap().unwrap().binary, "b");
        assert!(error(package, &["src/lib.rs"]).contains("no executable"));
        let told = error("[workspace]\nmembers = []\n", &[]);
        assert!(told.contains("is a workspace and no package"), "{told}");
    }
}
