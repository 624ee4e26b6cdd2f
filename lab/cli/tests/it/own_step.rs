//! `lab new` in a copy of this workspace: nothing is built, cargo reads what was made.

use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_metadata::MetadataCommand;
use lab_workspace::own_step::create;
use lab_workspace::{Step, Workspace};

/// The manifests and sources of the workspace, without what was built from them.
fn copy_of(workspace: &Workspace, to: &Path) {
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(workspace.root.join(file), to.join(file)).unwrap();
    }
    for folder in ["steps", "lab", "book", "data/populate"] {
        copy_sources(&workspace.root.join(folder), &to.join(folder));
    }
}

fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_sources(&path, &target);
        } else if path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "toml")
        {
            fs::copy(path, target).unwrap();
        }
    }
}

fn step(workspace: &Workspace, name: &str) -> Step {
    workspace.step(name).unwrap().clone()
}

#[test]
fn a_new_crate_is_a_member_that_differs_in_its_names_alone() {
    let original = Workspace::load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy_of(&original, folder.path());
    let before = fs::read_to_string(folder.path().join("Cargo.lock")).unwrap();
    let copied = Workspace::load_from(folder.path()).unwrap();
    let from = step(&copied, "03");

    create(folder.path(), &from, "mine").unwrap();

    // --locked: cargo refuses if the lock file does not hold the new package. What it needs on other platforms has never
    // been downloaded, which `cargo tree` does not mind.
    let tree = Command::new("cargo")
        .args(["tree", "--offline", "--locked", "--package", "step-mine"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let refused = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{refused}");
    let metadata = MetadataCommand::new()
        .current_dir(folder.path())
        .no_deps()
        .exec()
        .unwrap();
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "step-mine")
        .unwrap();
    assert_eq!(package.targets[0].name, "mine");

    let workspace = Workspace::load_from(folder.path()).unwrap();
    let mine = step(&workspace, "mine");
    assert_eq!(mine.manifest.from.as_deref(), Some(from.name.as_str()));
    assert!(mine.manifest.title.contains("mine"));
    assert!(mine.number().is_none() && mine.is_own() && !from.is_own());
    assert_eq!(mine.memory_mb, from.memory_mb);
    assert_eq!(mine.manifest.services, from.manifest.services);
    for entry in fs::read_dir(from.folder.join("src")).unwrap().flatten() {
        assert_eq!(
            fs::read(entry.path()).unwrap(),
            fs::read(mine.folder.join("src").join(entry.file_name())).unwrap()
        );
    }

    let after = fs::read_to_string(folder.path().join("Cargo.lock")).unwrap();
    let gone: Vec<&str> = before
        .lines()
        .filter(|line| !after.contains(*line))
        .collect();
    assert!(gone.is_empty(), "only the new package is added: {gone:?}");
    assert!(after.contains("name = \"step-mine\""));
}

#[test]
fn what_is_there_already_is_refused_and_left_alone() {
    let workspace = Workspace::load().unwrap();
    let from = step(&workspace, "03");
    for (name, reason) in [
        ("floor", "is there already"),
        ("support", "is there already"),
        ("lab", "has the name"),
        ("populate", "has the name"),
    ] {
        let error = create(&workspace.root, &from, name).unwrap_err();
        assert!(error.to_string().contains(reason), "{name}: {error:#}");
        let made = workspace.root.join("steps").join(name);
        assert_eq!(made.exists(), reason == "is there already", "{name}");
    }
}

#[test]
fn a_copy_that_cargo_cannot_read_is_taken_back() {
    let original = Workspace::load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy_of(&original, folder.path());
    let copied = Workspace::load_from(folder.path()).unwrap();
    let mut from = step(&copied, "03");
    let broken = folder.path().join("broken");
    copy_sources(&from.folder, &broken);
    let manifest = broken.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("support.workspace", "no-such.workspace"),
    )
    .unwrap();
    from.folder = broken;

    let error = format!("{:#}", create(folder.path(), &from, "mine").unwrap_err());
    assert!(error.contains("no-such"), "cargo's reason is told: {error}");
    assert!(!folder.path().join("steps/mine").exists());
    Workspace::load_from(folder.path()).unwrap();
}
