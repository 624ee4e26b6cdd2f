//! Choosing what to measure: steps by name, functions and files by path.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use lab_workspace::{FLOOR, Step, Workspace};

use crate::target::Target;

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
            if targets.iter().all(|other| other.name != target.name) {
                targets.push(target);
            }
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
                Err(unknown) => files.push(path(name, workspace, like)?.ok_or(unknown)?),
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
        if steps.is_empty() || self.in_a_room {
            floors.insert(FLOOR);
        }
        for floor in floors {
            steps.push(workspace.step(floor)?);
        }
        let chosen = |step: &&Step| steps.iter().any(|chosen| chosen.name == step.name);
        let steps = workspace.steps.iter().filter(chosen).map(Target::of_step);
        Ok(self.configured(steps.chain(files).collect()))
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

/// What a path names, if it is one: `FILE=07` runs this file like 07, whatever the others are run like.
fn path(name: &str, workspace: &Workspace, like: Option<&Step>) -> Result<Option<Target>> {
    let looks_like_a_path = |name: &str| name.contains('/') || Path::new(name).exists();
    if !looks_like_a_path(name) {
        return Ok(None);
    }
    let own = name
        .rsplit_once('=')
        .filter(|(file, _)| !Path::new(name).exists() && looks_like_a_path(file));
    let target = match own {
        Some((file, step)) => Target::of_path(file, workspace, Some(workspace.step(step)?)),
        None => Target::of_path(name, workspace, like),
    };
    target.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_compared_with_the_step_that_it_is_run_like() {
        let workspace = Workspace::load().unwrap();
        let file = std::env::current_exe().unwrap().display().to_string();
        let from = |like: Option<&str>| {
            let choice = Choice {
                names: vec![file.clone()],
                like: like.map(str::to_owned),
                ..Choice::default()
            };
            choice.named(&workspace).unwrap()[0].from.clone()
        };
        assert_eq!(from(Some("05")).as_deref(), Some("05-elasticache"));
        assert_eq!(from(None), None);

        let choice = Choice {
            names: vec![format!("{file}=07")],
            ..Choice::default()
        };
        let alone = choice.named(&workspace).unwrap().remove(0);
        assert_eq!((alone.name, alone.memory_mb), (file, 1024));
        assert_eq!(alone.from.as_deref(), Some("07-memory"));
    }

    #[test]
    fn a_room_always_measures_the_floor() {
        let workspace = Workspace::load().unwrap();
        let measured = |in_a_room| {
            let choice = Choice {
                names: vec!["aside-no-cache".to_owned()],
                in_a_room,
                ..Choice::default()
            };
            let targets = choice.targets(&workspace).unwrap();
            targets.iter().any(|target| target.name == FLOOR)
        };
        assert!(measured(true));
        assert!(
            !measured(false),
            "its floor is the bare one, as that of 12, which it is measured beside"
        );
    }
}
