//! The ladder as source: one idea a step, and the manifests tell the truth about it. Nothing is built here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect_file;
use lab_workspace::builder::{Group, groups};
use lab_workspace::{Step, Workspace};

/// Files below a step's folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn with_predecessor(workspace: &Workspace) -> impl Iterator<Item = (&Step, &Step)> {
    // A reader's own crate is no lesson, and differs in what its author likes.
    let lessons = workspace.steps.iter().filter(|step| !step.is_own());
    lessons.filter_map(|step| {
        let from = step.manifest.from.as_deref()?;
        Some((workspace.step(from).expect("`from` names a step"), step))
    })
}

#[test]
fn a_step_changes_the_files_that_its_manifest_lists_and_no_others() {
    let workspace = Workspace::load().unwrap();
    for (before, step) in with_predecessor(&workspace) {
        let (old, new) = (files(&before.folder), files(&step.folder));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let changed = names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name));
        let changed: BTreeSet<String> = changed.cloned().collect();
        assert_eq!(
            changed, step.manifest.changes,
            "`changes` in the manifest of {}",
            step.name
        );
    }
}

#[test]
fn the_ladder_has_no_gap_and_each_step_stands_on_the_one_before() {
    let workspace = Workspace::load().unwrap();
    let ladder: Vec<&Step> = workspace
        .steps
        .iter()
        .filter(|step| step.number().is_some())
        .collect();
    for (index, step) in ladder.iter().enumerate() {
        assert_eq!(step.number(), u32::try_from(index).ok(), "{}", step.name);
        let before = index
            .checked_sub(1)
            .map(|before| ladder[before].name.clone());
        assert_eq!(
            step.manifest.from, before,
            "`from` in the manifest of {}",
            step.name
        );
        assert!(
            index == 0 || step.manifest.idea.is_some(),
            "{} says what changes",
            step.name
        );
        assert!(
            step.manifest.minutes.is_some(),
            "{} says how long its chapter takes",
            step.name
        );
    }
    assert!(ladder.len() >= 8, "the sample's ladder is 00 to 07");
    assert!(workspace.floor().is_some());
}

#[test]
fn a_step_is_found_by_number_name_and_package() {
    let workspace = Workspace::load().unwrap();
    for name in ["5", "05", "05-elasticache", "step-05-elasticache"] {
        assert_eq!(workspace.step(name).unwrap().name, "05-elasticache");
    }
    assert_eq!(workspace.step("floor").unwrap().name, "floor");
    let unknown = workspace.step("55").unwrap_err().to_string();
    assert!(
        unknown.contains("no step 55") && unknown.contains("05-elasticache"),
        "{unknown}"
    );
}

/// Package and version, with the features that `package`'s build gives it.
fn features(workspace: &Workspace, package: &str) -> BTreeMap<String, String> {
    let arguments = ["--package", package, "--edges", "normal,build"];
    tree(workspace, &arguments).into_iter().collect()
}

/// Package and version, with its features: all that cargo builds for `arguments`, in the order of its tree.
fn tree(workspace: &Workspace, arguments: &[&str]) -> Vec<(String, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--prefix", "none", "--format", "{p};{f}"])
        .args(["--no-dedupe"])
        .args(arguments)
        .current_dir(&workspace.root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(';'));
    lines
        .map(|(package, features)| (package.to_owned(), features.to_owned()))
        .collect()
}

/// Crates that both builds have, and the second with other features only: it compiles them again.
fn compiled_again(first: &[(String, String)], second: &[(String, String)]) -> Vec<String> {
    let shared = first.iter().filter(|(package, _)| {
        let is_it = |(other, _): &&(String, String)| other == package;
        second.iter().any(|it| is_it(&it))
    });
    let again = shared.filter(|it| !second.contains(*it));
    let again = again.map(|(package, features)| format!("{package}: {features}"));
    again.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn the_lab_the_book_and_the_tests_share_their_crates() {
    let workspace = Workspace::load().unwrap();
    let built = ["--edges", "normal,build"];
    let lab = tree(&workspace, &[&["--package", "lab"], &built[..]].concat());
    for (others, asked) in [
        ("the tests", vec!["--edges", "normal,build,dev"]),
        ("the book", [&["--package", "book"], &built[..]].concat()),
        (
            "the extension",
            [
                &["--package", "lab", "--package", "lab-extension"],
                &built[..],
            ]
            .concat(),
        ),
    ] {
        assert_eq!(
            compiled_again(&lab, &tree(&workspace, &asked)),
            [""; 0],
            "{others} give these crates of the lab other features: lab/workspace/Cargo.toml must ask for them, too"
        );
    }
}

/// `populate` is not measured; where a step with a cache was built, only its own crate is left to compile.
#[test]
fn populate_shares_its_crates_with_a_step() {
    let workspace = Workspace::load().unwrap();
    let of = |package| {
        tree(
            &workspace,
            &["--package", package, "--edges", "normal,build"],
        )
    };
    assert_eq!(
        compiled_again(&of("populate"), &of("step-05-elasticache")),
        [""; 0],
        "data/populate/Cargo.toml must ask for the features of the step"
    );
}

/// Two steps that give a crate different features compile it twice, and what is measured is no longer the step's idea
/// alone. The golden file holds the differences that come with a dependency which a step adds or drops; a new line in it
/// wants a reason.
#[test]
fn steps_give_the_same_features_to_the_crates_they_share() {
    let workspace = Workspace::load().unwrap();
    let mut differences = String::new();
    for (before, step) in with_predecessor(&workspace) {
        let (old, new) = (
            features(&workspace, &before.package),
            features(&workspace, &step.package),
        );
        writeln!(differences, "{} -> {}", before.name, step.name).unwrap();
        for (package, features) in &new {
            let Some(others) = old.get(package).filter(|others| *others != features) else {
                continue;
            };
            let (others, features) = (set(others), set(features));
            let gone = others
                .difference(&features)
                .map(|feature| format!(" -{feature}"));
            let added = features
                .difference(&others)
                .map(|feature| format!(" +{feature}"));
            let name = package.split(' ').next().unwrap();
            writeln!(
                differences,
                "  {name}{}",
                gone.chain(added).collect::<String>()
            )
            .unwrap();
        }
    }
    expect_file!["../golden/features.txt"].assert_eq(&differences);
}

#[test]
fn what_is_built_in_one_call_has_the_features_that_it_has_alone() {
    let workspace = Workspace::load().unwrap();
    let packages: Vec<&str> = workspace
        .steps
        .iter()
        .map(|it| it.package.as_str())
        .collect();
    let groups = groups(&workspace.root, &packages).unwrap();
    assert!(groups.len() < packages.len(), "{groups:?}");
    let together = |name: &str| {
        groups
            .iter()
            .find(|group| group.packages.iter().any(|it| it == name))
    };
    assert_eq!(together("step-05-elasticache"), together("step-07-memory"));
    assert_ne!(together("step-08-one-thread"), together("step-09-lean-tls"));
    assert_ne!(
        together("step-14-connect-in-init"),
        together("step-15-release-profile"),
        "the same dependencies, in another profile"
    );
    for Group {
        packages: group, ..
    } in &groups
    {
        let alone = group.iter().map(|package| features(&workspace, package));
        let mut alone = alone.map(|features| {
            let others = features
                .into_iter()
                .filter(|(name, _)| !group.iter().any(|it| name.starts_with(it.as_str())));
            others.collect::<BTreeMap<_, _>>()
        });
        let first = alone.next().unwrap();
        assert!(alone.all(|other| other == first), "{group:?}");
    }
}

/// `tracing`, and the AWS SDK on it, compile once for 00 and the steps without Diesel: `steps/support` asks for those features
/// of `syn` that otherwise only Diesel's macros would.
#[test]
fn support_unifies_the_features_of_syn() {
    let workspace = Workspace::load().unwrap();
    let with_diesel = features(&workspace, "step-00-unoptimized");
    let without = features(&workspace, "step-01-drop-the-orm");
    let syn = |features: &BTreeMap<String, String>| -> Vec<String> {
        let syn = features
            .iter()
            .filter(|(package, _)| package.starts_with("syn v"));
        syn.map(|(package, features)| format!("{package}: {features}"))
            .collect()
    };
    assert_eq!(
        syn(&with_diesel),
        syn(&without),
        "the build-dependency on `syn` in steps/support/Cargo.toml must ask for every feature that Diesel's macros ask for: \
         without it all that stands on `tracing` compiles twice, and 00 is measured on another build of the AWS SDK than 01"
    );
}

fn set(features: &str) -> BTreeSet<&str> {
    features
        .split(',')
        .filter(|feature| !feature.is_empty())
        .collect()
}
