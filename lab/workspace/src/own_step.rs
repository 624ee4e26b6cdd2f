//! A reader's own step: a copy of an existing one under another name, wired into the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use toml_edit::{Array, DocumentMut, value};

use crate::Step;

/// Longest name: with `step-` and what the deployment adds, a function's name may have 64 characters.
const LONGEST_NAME: usize = 32;

/// Folders that cargo itself makes beside the binaries.
const CARGOS_OWN: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// Copies `from` to `steps/NAME`, renames it and enters it into `Cargo.lock`, without network. Answers where it is. A copy
/// that cargo cannot read is removed again.
pub fn create(root: &Path, from: &Step, name: &str) -> Result<PathBuf> {
    check_name(name)?;
    let folder = root.join("steps").join(name);
    ensure!(
        !folder.exists(),
        "{} is there already: choose another name, or remove it",
        folder.display()
    );
    check_unused(root, name)?;
    let created = copy(&from.folder, &folder)
        .and_then(|()| rewrite(&folder.join("Cargo.toml"), from, name))
        .and_then(|()| update_lock(root));
    if let Err(error) = created {
        // What is left of the copy would break every later cargo command.
        let _ = fs::remove_dir_all(&folder);
        return Err(error.context(format!("cannot make {name} out of {}", from.name)));
    }
    Ok(folder)
}

/// A name that can be a folder, a package, a binary, a stack, and no step of the ladder.
fn check_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        bail!(
            "{name:?} begins with a digit, which puts a step on the ladder: take a word, or see CONTRIBUTING.md for how a \
             step is added to it"
        );
    }
    ensure!(
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(is_plain)
            && !name.ends_with('-')
            && !name.contains("--"),
        "{name:?} cannot name a crate here: use small letters, digits and single '-', beginning with a letter"
    );
    ensure!(
        name.len() <= LONGEST_NAME,
        "{name:?} is too long: {LONGEST_NAME} characters are the most"
    );
    for prefix in ["step-", "aside-", "floor-"] {
        ensure!(
            !name.starts_with(prefix),
            "{name:?}: leave {prefix} away, it has a meaning of its own here"
        );
    }
    ensure!(
        !CARGOS_OWN.contains(&name),
        "{name:?} is the name of a folder beside cargo's binaries: choose another"
    );
    Ok(())
}

/// No package, binary or library of the workspace may have the name already.
fn check_unused(root: &Path, name: &str) -> Result<()> {
    let metadata = crate::workspace::metadata(root)?;
    let package = package_of(name);
    for existing in &metadata.packages {
        let is_taken = existing.name.as_str() == package
            || existing.name.as_str() == name
            || existing.targets.iter().any(|target| target.name == name);
        ensure!(
            !is_taken,
            "the package {} has the name {name:?} already: choose another",
            existing.name
        );
    }
    Ok(())
}

fn package_of(name: &str) -> String {
    format!("step-{name}")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

/// The copy's manifest: its own names, and where it comes from. `changes` stays empty: the list holds a step of the ladder
/// to its one idea, and whoever tries something out changes what they like.
fn rewrite(manifest: &Path, from: &Step, name: &str) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    let mut document: DocumentMut = text.parse()?;
    document["package"]["name"] = value(package_of(name));
    document["package"]["description"] = value(format!("{name}, begun as {}", from.name));
    let binary = document
        .get_mut("bin")
        .and_then(|bin| bin.as_array_of_tables_mut())
        .and_then(|bins| bins.iter_mut().next())
        .with_context(|| format!("{} has no [[bin]]", from.name))?;
    binary["name"] = value(name);
    let step = document["package"]["metadata"]["step"]
        .as_table_mut()
        .context("[package.metadata.step]")?;
    step["title"] = value(format!("{name}, from {}", from.name));
    step["from"] = value(&from.name);
    step["changes"] = value(Array::new());
    step.remove("idea");
    step.remove("minutes");
    fs::write(manifest, document.to_string())?;
    Ok(())
}

/// Enters the new package into `Cargo.lock`. Everything that it depends on stands there already, so that no network is
/// needed and no version changes.
fn update_lock(root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["update", "--workspace", "--offline", "--quiet"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cargo update --workspace --offline says: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_refused_with_the_reason() {
        for (name, reason) in [
            ("", "small letters"),
            ("Mine", "small letters"),
            ("mine_2", "small letters"),
            ("../mine", "small letters"),
            ("mine-", "single '-'"),
            ("my--own", "single '-'"),
            ("08-mine", "on the ladder"),
            ("step-mine", "step-"),
            ("aside-mine", "aside-"),
            ("floor-mine", "floor-"),
            ("deps", "beside cargo's binaries"),
            (&"x".repeat(LONGEST_NAME + 1), "too long"),
        ] {
            let error = check_name(name).unwrap_err().to_string();
            assert!(error.contains(reason), "{name:?}: {error}");
        }
        for name in ["mine", "a", "ada-2", &"x".repeat(LONGEST_NAME)] {
            check_name(name).unwrap();
        }
    }
}
