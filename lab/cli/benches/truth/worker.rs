//! A function that does a known amount of work: `lab/lambda/examples/bootstrap.rs`, told how much.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use lab_bench::event::Events;
use lab_bench::target::{Source, Target};
use lab_lambda::Function;
use lab_workspace::builder;
use lab_workspace::{Architecture, TrustAnchors, Workspace};

/// Builds the function as it would be deployed.
pub async fn build(workspace: &Workspace) -> Result<PathBuf> {
    builder::build_example(&workspace.root, "lab-lambda", "bootstrap").await
}

/// The function as a target of the measuring code.
pub fn target(name: &str, executable: &Path, memory_mb: u32) -> Target {
    Target {
        name: name.to_owned(),
        title: "a known amount of work".to_owned(),
        source: Source::File(executable.to_owned().into()),
        from: None,
        floor: None,
        memory_mb,
        memory_overridden: false,
        timeout: Duration::from_secs(10),
        architecture: Architecture::X86_64,
        services: Vec::new(),
        trust_anchors: TrustAnchors::None,
        extension: false,
        layers: None,
        variables: BTreeMap::new(),
        events: Events::default(),
        own: None,
    }
}

/// Tells the function how to behave, and how much of it.
pub fn behave(function: &mut Function, behaviour: &str, amount: u64) {
    let variables = [
        ("BEHAVIOUR", behaviour.to_owned()),
        ("AMOUNT", amount.to_string()),
    ];
    function
        .variables
        .extend(variables.map(|(name, value)| (name.to_owned(), value)));
}
