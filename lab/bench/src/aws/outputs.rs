//! What is deployed: `infra/outputs.json`, which `npm run deploy` writes and infra/README.md describes.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;

use crate::target::Target;

/// A deployed step: the outputs of its stack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deployed {
    /// Its folder under `steps/`.
    pub step: String,
    /// Answers GET.
    pub url: String,
    /// The function's name.
    pub function_name: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Memory size in MiB: all outputs of a stack are texts.
    pub memory: String,
    /// The AWS Region.
    pub region: String,
}

impl Deployed {
    /// Memory size, MiB.
    pub fn memory_mb(&self) -> Result<u32> {
        let read = self.memory.parse();
        read.with_context(|| format!("{}: Memory is {:?}", self.function_name, self.memory))
    }

    /// Where Lambda logs.
    pub fn log_group(&self) -> String {
        format!("/aws/lambda/{}", self.function_name)
    }
}

/// Everything that was deployed from here, by the names of the stacks.
#[derive(Debug, Deserialize)]
pub struct Outputs(BTreeMap<String, Deployed>);

impl Outputs {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "nothing is deployed from here: there is no {shown}. `npm run deploy -- 05` in infra/ deploys a step and \
                 writes it; --outputs names another file"
            ),
            _ => anyhow!("cannot read {shown}: {error}"),
        })?;
        serde_json::from_str(&text).with_context(|| {
            format!("{shown} is not what `npm run deploy` writes (infra/README.md describes it)")
        })
    }

    /// The deployed ones of `targets`, with them. Each of `named` must be among them; the others may be missing.
    pub fn choose(
        &self,
        targets: Vec<Target>,
        named: &[String],
    ) -> Result<Vec<(Target, Deployed)>> {
        let mut chosen = Vec::new();
        for target in targets {
            let stacks: Vec<(&String, &Deployed)> = self
                .0
                .iter()
                .filter(|(_, it)| it.step == target.name)
                .collect();
            match stacks[..] {
                [(_, deployed)] => chosen.push((target, deployed.clone())),
                [] if named.contains(&target.name) => bail!(
                    "{} is not deployed: `npm run deploy -- {}` in infra/. Deployed are: {}",
                    target.name,
                    target.name,
                    self.steps()
                ),
                [] => {}
                [(one, _), (other, _), ..] => bail!(
                    "{} is deployed as {one} and as {other}: name a file with one of them, --outputs FILE",
                    target.name
                ),
            }
        }
        if chosen.is_empty() {
            bail!(
                "none of these steps is deployed. Deployed are: {}",
                self.steps()
            );
        }
        Ok(chosen)
    }

    fn steps(&self) -> String {
        let steps: Vec<&str> = self.0.values().map(|it| it.step.as_str()).collect();
        if steps.is_empty() {
            "none".to_owned()
        } else {
            steps.join(", ")
        }
    }
}
