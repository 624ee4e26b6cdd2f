//! Is a step's code still the one that was measured? Comments and formatting do not count.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use lab_results::schema::{Build, Session};
use lab_workspace::{Step, profile};
use proc_macro2::{TokenStream, TokenTree};

/// What differs from what was measured: the profile's settings, and the step's source files, relative to the step. No files
/// where the commit is not known here: a shallow clone, or no git.
pub fn changed(root: &Path, step: &Step, session: &Session) -> Result<Vec<String>> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let profile = profile_changed(&session.conditions.build, step.profile(), &manifest);
    let mut changed: Vec<String> = profile.into_iter().collect();
    changed.extend(sources_changed(root, step, session)?);
    Ok(changed)
}

/// That a step's profile would now build something else, in a word.
fn profile_changed(build: &Build, profile: &str, manifest: &str) -> Option<String> {
    let measured = if profile == build.profile {
        Some(&build.settings)
    } else {
        build.profiles.get(profile)
    };
    let is_same =
        measured.is_some_and(|settings| *settings == profile::resolved(manifest, profile));
    (!is_same).then(|| format!("Cargo.toml's profile.{profile}"))
}

fn sources_changed(root: &Path, step: &Step, session: &Session) -> Result<Vec<String>> {
    let Some(commit) = session.conditions.build.commit.as_deref() else {
        return Ok(Vec::new());
    };
    if at(root, commit, "").is_none() {
        return Ok(Vec::new());
    }
    let mut changed = Vec::new();
    let files = fs::read_dir(step.folder.join("src"))?.flatten();
    let mut files: Vec<_> = files.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "rs"));
    files.sort();
    for file in &files {
        let now = fs::read_to_string(file)?;
        let relative = file
            .strip_prefix(root)
            .context("a step lies in the workspace")?;
        let then = at(root, commit, &relative.display().to_string());
        if then.as_deref().map(code) != Some(code(&now)) {
            let name = file
                .strip_prefix(&step.folder)
                .context("a source lies in its step")?;
            changed.push(name.display().to_string());
        }
    }
    Ok(changed)
}

/// A file of a commit; for the empty path, whether there is such a commit.
fn at(root: &Path, commit: &str, path: &str) -> Option<String> {
    let object = match path {
        "" => format!("{commit}^{{commit}}"),
        path => format!("{commit}:{path}"),
    };
    let mut git = Command::new("git");
    git.current_dir(root).args(["cat-file", "-p", &object]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The tokens without comments; the text itself where it is no Rust.
fn code(text: &str) -> String {
    match TokenStream::from_str(text) {
        Ok(tokens) => without_comments(tokens),
        Err(_) => text.to_owned(),
    }
}

/// Documentation is an attribute by the time it is a token: `#[doc = ...]`, `#![doc = ...]`.
fn without_comments(tokens: TokenStream) -> String {
    let mut kept: Vec<String> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let inner = without_comments(group.stream());
                if inner.starts_with("doc =") {
                    while kept.last().is_some_and(|last| last == "#" || last == "!") {
                        kept.pop();
                    }
                } else {
                    kept.push(format!("{:?}{inner}", group.delimiter()));
                }
            }
            other => kept.push(other.to_string()),
        }
    }
    // rustfmt adds and takes away the comma behind the last of several lines.
    let is_last_comma = |index: usize| kept[index] == "," && index + 1 == kept.len();
    let indices = (0..kept.len()).filter(|index| !is_last_comma(*index));
    indices
        .map(|index| kept[index].as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use lab_results::schema::Build;

    use super::{code, profile_changed};

    #[test]
    fn a_changed_profile_is_noticed() {
        let manifest = "[profile.release]\npanic = \"abort\"\n[profile.small]\ninherits = \"release\"\nopt-level = \"z\"\n";
        let build = |settings: &str, small: Option<&str>| Build {
            commit: None,
            dirty: false,
            rustc: "rustc 1.95.0".to_owned(),
            profile: "release".to_owned(),
            settings: settings.to_owned(),
            profiles: small
                .map(|settings| ("small".to_owned(), settings.to_owned()))
                .into_iter()
                .collect(),
        };
        let now = "opt-level=3 lto=false codegen-units=16 panic=abort strip=none";
        assert_eq!(
            profile_changed(&build(now, None), "release", manifest),
            None
        );
        let before = build("opt-level=3 lto=thin", None);
        assert!(profile_changed(&before, "release", manifest).is_some());

        let own = "opt-level=z lto=false codegen-units=16 panic=abort strip=none";
        assert_eq!(
            profile_changed(&build(now, Some(own)), "small", manifest),
            None
        );
        for small in [Some(now), None] {
            let changed = profile_changed(&build(now, small), "small", manifest);
            assert_eq!(
                changed.as_deref(),
                Some("Cargo.toml's profile.small"),
                "{small:?}"
            );
        }
    }

    const CODE: &str = "/// Says it.\nfn f(a: u8) -> u8 {\n    // adds\n    g(a, 1)\n}\n";

    #[test]
    fn comments_and_formatting_do_not_count() {
        let other = "//! A file.\nfn f(\n    a: u8,\n) -> u8 { g(a, 1) }";
        assert_eq!(code(CODE), code(other));
    }

    #[test]
    fn code_counts() {
        assert_ne!(code(CODE), code(&CODE.replace('1', "2")));
        assert_ne!(code(CODE), code(&CODE.replace("g(a, 1)", "!g(a, 1)")));
    }
}
