//! The change of a step, made from the sources while the book is built: what a reader sees is what is compiled.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use lab_workspace::{Step, Workspace};
use similar::TextDiff;

/// Lines around a change.
const CONTEXT: usize = 2;

/// Longer diffs are folded.
const LONG: usize = 60;

/// The step's idea, then the files that its manifest names (those of the names in `first` before the others), each against the step it starts from; `Cargo.toml` without what is about the step
/// itself.
pub fn of(workspace: &Workspace, step: &Step, first: &[&str]) -> Result<String> {
    let from = workspace.before(step)?;
    let from = from.with_context(|| format!("{} starts from no other step", step.name))?;
    let idea = step.manifest.idea.as_deref();
    let idea = idea.with_context(|| format!("{} has no idea in its manifest", step.name))?;
    let mut text = format!("> **{idea}**\n\n");
    // The manifest last: it follows from the code.
    let mut files: Vec<&String> = step.manifest.changes.iter().collect();
    files.sort_by_key(|file| file.as_str() == "Cargo.toml");
    for name in first {
        let named = |file: &&String| file.rsplit('/').next() == Some(name);
        anyhow::ensure!(
            files.iter().any(named),
            "{} does not change {name}",
            step.name
        );
    }
    let place = |file: &String| {
        first
            .iter()
            .position(|name| file.rsplit('/').next() == Some(name))
    };
    files.sort_by_key(|file| place(file).unwrap_or(first.len()));
    for file in files {
        let read = |step: &Step| fs::read_to_string(step.folder.join(file)).unwrap_or_default();
        let (before, after) = (read(from), read(step));
        let (before, after) = if file == "Cargo.toml" {
            (deployment(&before), deployment(&after))
        } else {
            (before, after)
        };
        let diff = TextDiff::from_lines(&before, &after);
        let unified = diff.unified_diff().context_radius(CONTEXT).to_string();
        let unified = unified.trim_end();
        if unified.is_empty() {
            continue;
        }
        let lines = unified.lines().count();
        let what = if before.is_empty() {
            "new file"
        } else {
            "changed"
        };
        let open = if lines <= LONG { " open" } else { "" };
        write!(
            text,
            "<details{open}>\n<summary><code>{file}</code>, {what}, {lines} lines</summary>\n\n```diff\n{unified}\n```\n\n</details>\n\n",
        )?;
    }
    write!(
        text,
        "The same in a terminal: `git diff --no-index steps/{} steps/{}`",
        from.name, step.name
    )?;
    Ok(text)
}

/// A manifest's dependencies, memory size, architecture, profile and variables: the rest names the step.
fn deployment(manifest: &str) -> String {
    let of_interest = |line: &&str| {
        line.contains("workspace = true")
            || line.contains("{{resolve:ssm:")
            || line.starts_with("memory")
            || line.starts_with("architecture")
            || line.starts_with("profile")
            || line.contains("path =") && line.starts_with("support")
    };
    let mut kept: Vec<&str> = manifest.lines().filter(of_interest).collect();
    kept.push("");
    kept.join("\n")
}
