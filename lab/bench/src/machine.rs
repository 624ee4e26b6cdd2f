//! What the results say about the machine and the source.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use lab_results::schema::{Build, Machine};

use lab_workspace::builder::RELEASE;
use lab_workspace::{Workspace, profile};

/// This machine.
pub fn machine() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(
            line.split_once([':', '='])?
                .1
                .trim()
                .trim_matches('"')
                .to_owned(),
        )
    };
    let unknown = || "unknown".to_owned();
    let memory_kib = after(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    Machine {
        cpu: after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
        logical_cores: std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
        memory_mib: memory_kib.unwrap_or_default() / 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        os: after(&read("/etc/os-release"), "PRETTY_NAME").unwrap_or_else(unknown),
        governor: Some(governor.trim().to_owned()).filter(|governor| !governor.is_empty()),
    }
}

/// The source as it stands, the compiler that builds it, and the profiles of the steps.
pub fn build(workspace: &Workspace) -> Build {
    let root = &workspace.root;
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(root)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    Build {
        commit: output("git", &["rev-parse", "HEAD"]),
        dirty: output("git", &["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty()),
        rustc: output(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned()),
        profile: RELEASE.to_owned(),
        settings: profile::settings(root, RELEASE),
        profiles: profiles(workspace),
    }
}

/// The settings of the profiles that steps name besides the usual one.
fn profiles(workspace: &Workspace) -> BTreeMap<String, String> {
    let named = workspace
        .steps
        .iter()
        .filter_map(|step| step.manifest.profile.clone());
    named
        .map(|name| (name.clone(), profile::settings(&workspace.root, &name)))
        .collect()
}
