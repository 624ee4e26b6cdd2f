//! Choosing what to measure: steps by name, functions and files by path.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use lab_workspace::{FLOOR, Step, Workspace};

use crate::target::{Source, Target};

/// What to choose from the command line.
#[derive(Debug, Default, Clone)]
pub struct Choice {
    /// Names of steps and paths of files.
    pub names: Vec<String>,
    /// Every step there is.
    pub all: bool,
    /// Another memory size than the manifests', MiB.
    pub memory_mb: Option<u32>,
    /// The step whose configuration files run under.
    pub like: Option<String>,
    /// A function that is the empty handler on the runtime of those that are no steps, by path.
    pub floor: Option<String>,
    /// The floor in any case: a room's results are told in it, whatever the floor of the crate.
    pub in_a_room: bool,
}

impl Choice {
    /// Exactly what is named, each once and in that order; with [`Choice::all`] every step.
    pub fn named(&self, workspace: &Workspace) -> Result<Vec<Target>> {
        let like = self.like(workspace)?;
        if self.all {
            return Ok(self.configured(workspace.steps.iter().map(Target::of_step).collect()));
        }
        let mut targets: Vec<Target> = Vec::new();
        for name in &self.names {
            let target = match workspace.step(name) {
                Ok(step) => Target::of_step(step),
                Err(unknown) => path(name, workspace, like)?.ok_or(unknown)?,
            };
            add(&mut targets, target)?;
        }
        if like.is_some() && targets.iter().all(Target::is_built_here) {
            bail!("--like says how files are run, and no file is named");
        }
        Ok(self.configured(targets))
    }

    fn like<'a>(&self, workspace: &'a Workspace) -> Result<Option<&'a Step>> {
        self.like
            .as_deref()
            .map(|name| workspace.step(name))
            .transpose()
    }

    /// The targets in the order of the ladder: without a name the numbered steps and the floors that they stand on, one step
    /// with the step before it and their floors, several with theirs.
    pub fn targets(&self, workspace: &Workspace) -> Result<Vec<Target>> {
        let like = self.like(workspace)?;
        let mut steps: Vec<&Step> = Vec::new();
        let mut files = Vec::new();
        for name in &self.names {
            match workspace.step(name) {
                Ok(step) => steps.push(step),
                Err(unknown) => {
                    let target = path(name, workspace, like)?.ok_or(unknown)?;
                    match &target.source {
                        Source::Package(_) => steps.push(workspace.step(&target.name)?),
                        _ => add(&mut files, target)?,
                    }
                }
            }
        }
        if like.is_some() && files.is_empty() {
            bail!("--like says how files are run, and no file is named");
        }
        if self.all {
            steps = workspace.steps.iter().collect();
        } else if self.names.is_empty() {
            steps = workspace.ladder().collect();
        } else if let [only] = steps[..]
            && let Some(before) = workspace.before(only)?
            && files.is_empty()
        {
            steps.push(before);
        }
        let mut floors: BTreeSet<&str> = steps.iter().filter_map(|step| step.floor()).collect();
        if self.in_a_room {
            floors.insert(FLOOR);
        }
        self.add_floors(&mut files, workspace)?;
        for floor in floors {
            steps.push(workspace.step(floor)?);
        }
        files.retain(|file| steps.iter().all(|step| step.name != file.name));
        let chosen = |step: &&Step| steps.iter().any(|chosen| chosen.name == step.name);
        let steps = workspace.steps.iter().filter(chosen).map(Target::of_step);
        Ok(self.configured(steps.chain(files).collect()))
    }

    /// The empty handlers beside functions that are no steps: that of `--floor`, or the usual one at each function's memory size,
    /// which decides how much CPU it has. A floor of another size than its manifest's has a name of its own.
    fn add_floors(&self, files: &mut Vec<Target>, workspace: &Workspace) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        if let Some(name) = &self.floor {
            let floor = path(name, workspace, self.like(workspace)?)?;
            let Some(floor) = floor else {
                bail!(
                    "--floor {name}: there is no such file; it names the folder or the file of an empty handler"
                );
            };
            for file in files.iter_mut().filter(|file| file.name != floor.name) {
                file.floor = Some(floor.name.clone());
            }
            return add(files, floor);
        }
        let usual = Target::of_step(workspace.step(FLOOR)?);
        for number in 0..files.len() {
            let memory_mb = self.memory_mb.unwrap_or(files[number].memory_mb);
            let floor = if self.memory_mb.is_some() || memory_mb == usual.memory_mb {
                usual.clone()
            } else {
                Target {
                    name: format!("{FLOOR}-{memory_mb}-mb"),
                    title: format!("{}, {memory_mb} MB", usual.title),
                    memory_mb,
                    ..usual.clone()
                }
            };
            if let Some(of_file) = &mut files[number].floor {
                of_file.clone_from(&floor.name);
            }
            if files.iter().all(|file| file.name != floor.name) {
                files.push(floor);
            }
        }
        Ok(())
    }

    fn configured(&self, mut targets: Vec<Target>) -> Vec<Target> {
        if let Some(memory_mb) = self.memory_mb {
            for target in &mut targets {
                target.memory_overridden = target.memory_mb != memory_mb;
                target.memory_mb = memory_mb;
            }
        }
        targets
    }
}

/// Adds a target, unless it is named already.
///
/// # Errors
/// Where another one has its name: results are kept by names.
fn add(targets: &mut Vec<Target>, target: Target) -> Result<()> {
    let Some(other) = targets.iter().find(|other| other.name == target.name) else {
        targets.push(target);
        return Ok(());
    };
    if let (Some(one), Some(two)) = (&other.own, &target.own)
        && one.code != two.code
    {
        bail!(
            "{} and {} are both called {}: name = \"...\" in function.toml gives one of them another name",
            one.code.display(),
            two.code.display(),
            target.name
        );
    }
    Ok(())
}

/// What a path names, if it is one: `FILE=07` runs this file like 07, whatever the others are run like.
fn path(name: &str, workspace: &Workspace, like: Option<&Step>) -> Result<Option<Target>> {
    let looks_like_a_path = |name: &str| name.contains('/') || Path::new(name).exists();
    if !looks_like_a_path(name) {
        return Ok(None);
    }
    let own = name
        .rsplit_once('=')
        .filter(|(file, _)| !Path::new(name).exists() && looks_like_a_path(file));
    let folder = Path::new(name).canonicalize();
    let is_step = |step: &&Step| folder.as_ref().is_ok_and(|it| *it == step.folder);
    if let Some(step) = workspace.steps.iter().find(is_step) {
        return Ok(Some(Target::of_step(step)));
    }
    let target = match own {
        Some((file, step)) => Target::of_path(file, workspace, Some(workspace.step(step)?)),
        None => Target::of_path(name, workspace, like),
    };
    target.map(Some)
}

#[cfg(test)]
mod tests;
