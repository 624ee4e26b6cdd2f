//! No number is typed into the README: its figure is drawn from the committed results, and each marked number is looked up.
//! `UPDATE_EXPECT=1 cargo test --profile lab --test it readme` writes both anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use expect_test::expect_file;
use lab_results::chart;
use lab_results::facts::Facts;
use lab_results::schema::ResultsFile;
use lab_workspace::Workspace;
use lab_workspace::clean_clone::{CleanClone, minutes};

/// `<!-- KEY -->text<!-- / -->`: the text is what KEY stands for.
const END: &str = "<!-- / -->";

#[test]
fn the_ladder_is_drawn_from_the_committed_results() {
    let root = Workspace::load().unwrap().root;
    let reference = ResultsFile::load(&root.join("data/results/reference.json")).unwrap();
    let session = reference.newest_with(Some("region"), &["00-unoptimized", "07-memory", "floor"]);
    let svg = chart::ladder(session.expect("the reference holds the whole ladder")).unwrap();
    expect_file!["../../../../data/results/ladder.svg"].assert_eq(&svg);
}

#[test]
fn every_marked_number_is_looked_up() {
    let root = Workspace::load().unwrap().root;
    let facts = Facts::load(&root.join("data/facts.toml")).unwrap();
    let clean_clone = CleanClone::load(&root).expect("data/results/clean-clone.json");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut wanted = String::new();
    let mut rest = readme.as_str();
    while let Some(start) = rest.find("<!-- ") {
        let (before, from_marker) = rest.split_at(start);
        let (marker, text) = from_marker.split_once(" -->").expect("a comment ends");
        let key = marker.trim_start_matches("<!-- ");
        let (_, after) = text
            .split_once(END)
            .unwrap_or_else(|| panic!("{END} is missing behind {key}"));
        let value = match key {
            "rust-version" => rust_version(&root),
            _ => value(key, &facts, &clean_clone),
        };
        write!(wanted, "{before}{marker} -->{value}{END}").unwrap();
        rest = after;
    }
    wanted.push_str(rest);
    expect_file!["../../../../README.md"].assert_eq(&wanted);
}

#[test]
fn every_step_is_linked() {
    let workspace = Workspace::load().unwrap();
    let readme = fs::read_to_string(workspace.root.join("README.md")).unwrap();
    for step in &workspace.steps {
        let link = format!("[{0}](steps/{0})", step.name);
        assert!(readme.contains(&link), "the README's table lacks {link}");
    }
}

fn rust_version(root: &Path) -> String {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let line = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    line.expect("the workspace names its oldest compiler")
        .trim_matches('"')
        .to_owned()
}

fn value(key: &str, facts: &Facts, clean_clone: &CleanClone) -> String {
    match key {
        "clean-clone date" => clean_clone.date.clone(),
        "clean-clone cores" => clean_clone.cores.to_string(),
        "clean-clone first" => minutes(clean_clone.first_s),
        "clean-clone ladder" => minutes(clean_clone.ladder_s),
        "clean-clone first again" => minutes(clean_clone.first_again_s),
        _ => {
            let fact = facts.get(key).unwrap_or_else(|error| panic!("{error}"));
            format!("{} {}", fact.value, fact.unit)
        }
    }
}
