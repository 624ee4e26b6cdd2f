//! Comparing what was measured: the committed reference, and a leaderboard of people. Nothing is measured here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lab_results::leaderboard::{Crate, Line, Result as Measured};
use lab_results::price::Prices;
use lab_results::schema::Metric;
use lab_results::view::compare::{self, Named, Pasted, Report};
use lab_workspace::Workspace;

fn prices() -> Prices {
    let workspace = Workspace::load().unwrap();
    workspace.facts().unwrap().prices().unwrap()
}

fn reference() -> Named {
    let root = Workspace::load().unwrap().root;
    Named::load(&root.join("data/results/reference.json")).unwrap()
}

fn names(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

fn steps(named: &Named, steps: &[&str]) -> Option<Report> {
    compare::steps(&named.file, Some("region"), &names(steps), &prices())
}

#[test]
fn steps_of_one_session_are_compared_in_every_metric() {
    let named = reference();
    let report = steps(&named, &["00-unoptimized", "05-elasticache", "07-memory"]).unwrap();
    assert_eq!(report.sections.len(), 2, "the first against each other");
    let session = named
        .file
        .newest_with(Some("region"), &["00-unoptimized", "05-elasticache"]);
    let wanted = session
        .unwrap()
        .compare("00-unoptimized", "05-elasticache", Metric::Warm)
        .unwrap();
    let metrics = &report.json["comparisons"][0]["metrics"];
    assert_eq!(metrics["warm"]["ratio"], wanted.ratio);
    assert_eq!(metrics["warm"]["verdict"], "faster");
    for metric in ["per_second", "cold", "init", "first"] {
        assert!(metrics[metric]["low"].as_f64().is_some(), "{metric}");
    }
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.contains("1024 MB")),
        "{:?}",
        report.warnings
    );
    let markdown = report.markdown();
    assert!(markdown.contains("### 05-elasticache against 00-unoptimized\n"));
    assert!(
        markdown.contains("\n| --- | --: | --: | --- |\n"),
        "{markdown}"
    );
    assert!(steps(&named, &["00-unoptimized", "nobody-measured-this"]).is_none());
}

#[test]
fn a_file_against_itself_shows_no_change_and_another_machine_is_told() {
    let (mut ada, mut bob) = (reference(), reference());
    "ada".clone_into(&mut ada.label);
    "bob".clone_into(&mut bob.label);
    let same = compare::files(&[ada, bob], "region").unwrap();
    assert!(same.warnings.is_empty(), "{:?}", same.warnings);
    let compared = same.json["steps"].as_array().unwrap();
    assert!(compared.len() >= 8);
    for step in compared {
        let against = &step["files"][1]["against_first"];
        assert_eq!(against["ratio"], 1.0, "{step}");
        assert_eq!(against["verdict"], "no measurable change", "{step}");
    }

    let mut bob = reference();
    for session in &mut bob.file.sessions {
        let machine = session.conditions.machine.as_mut().unwrap();
        "Another CPU".clone_into(&mut machine.cpu);
        session.conditions.limits.as_mut().unwrap().cpu = false;
        session
            .conditions
            .network
            .as_mut()
            .unwrap()
            .cache
            .round_trip_us += 1;
    }
    let report = compare::files(&[reference(), bob], "region").unwrap();
    for what in ["machine", "limits", "network"] {
        let told = report.warnings.iter().any(|warning| warning.contains(what));
        assert!(told, "{what}: {:?}", report.warnings);
    }
    let nothing = compare::files(&[reference(), reference()], "nowhere").unwrap_err();
    assert!(nothing.to_string().contains("nowhere"));
}

/// The reference as a lab wrote it that did not yet ask whether a crate keeps the contract.
fn before_anybody_asked() -> Named {
    let mut named = reference();
    for session in &mut named.file.sessions {
        for measurement in session.measurements.values_mut() {
            measurement.keeps_contract = None;
        }
    }
    named
}

fn line(label: &str, p50_us: f64, limited: bool, keeps_contract: bool) -> String {
    Line(Measured {
        label: label.to_owned(),
        profile: "region".to_owned(),
        limited,
        rounds: 12,
        floor_us: 400.0,
        crates: vec![Crate {
            name: "mine".to_owned(),
            memory_mb: 256,
            p50_us,
            network_us: 500.0,
            keeps_contract: Some(keeps_contract),
        }],
    })
    .to_string()
}

#[test]
fn a_leaderboard_of_five_is_ranked_and_what_is_wrong_is_named() {
    let mut pasted = Pasted::default();
    let text = [
        "good morning!".to_owned(),
        line("ada", 1500.0, true, true),
        line("bob", 1200.0, true, true),
        line("carol", 900.0, false, true),
        line("dave", 700.0, true, false),
        line("eve", 1100.0, true, true).replace("1100", "1000"),
        String::new(),
        // Again, and slower: the later line counts.
        line("bob", 1300.0, true, true),
    ];
    pasted.lines(&text.join("\n"), "standard input");
    pasted.file(&before_anybody_asked());
    let report = compare::leaderboard(&pasted);
    let groups = report.json["groups"].as_array().unwrap();
    let seen: Vec<(bool, Vec<&str>)> = groups
        .iter()
        .map(|group| {
            let ranked = group["ranked"].as_array().unwrap();
            let labels = ranked
                .iter()
                .map(|ranked| ranked["label"].as_str().unwrap());
            (group["limited"].as_bool().unwrap(), labels.collect())
        })
        .collect();
    assert_eq!(seen, [(true, vec!["bob", "ada"]), (false, vec!["carol"])]);
    let told = |words: &[&str]| {
        let all = |warning: &&String| words.iter().all(|word| warning.contains(word));
        assert_eq!(
            report.warnings.iter().filter(all).count(),
            1,
            "{words:?}: {:?}",
            report.warnings
        );
    };
    told(&["standard input, line 6", "checksum of eve's line"]);
    told(&["dave", "breaks the contract"]);
    told(&["1 line(s) without a result"]);
    told(&["reference", "nobody asked"]);
    assert!(report.text(None).contains("NOT LIMITED"));
}

/// What stands in double quotes after `attribute=`.
fn values(page: &str, attribute: &str) -> Vec<String> {
    let before = format!(" {attribute}=\"");
    let parts = page.split(before.as_str()).skip(1);
    parts
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_page_needs_nothing_else_and_its_ids_differ() {
    let named = reference();
    let session = compare::largest(&named.file, "region").unwrap();
    let mut report = compare::ladder(session, &prices());
    report.warnings.push("<script>alert(1)</script>".to_owned());
    let page = compare::page("A & B", &report, &[named], "region", &prices());
    for outside in ["src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let addresses: BTreeSet<&str> = page
        .split('"')
        .filter(|part| part.starts_with("http"))
        .collect();
    assert_eq!(addresses, BTreeSet::from(["http://www.w3.org/2000/svg"]));
    let ids = values(&page, "id");
    assert!(ids.len() >= 4, "two pictures at least: {ids:?}");
    assert_eq!(
        ids.len(),
        ids.iter().collect::<BTreeSet<_>>().len(),
        "{ids:?}"
    );
    for labelled in values(&page, "aria-labelledby") {
        assert!(
            labelled
                .split(' ')
                .all(|id| ids.iter().any(|known| known == id))
        );
    }
    assert!(page.contains("A &amp; B") && page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("Machine and method"));
}

#[test]
fn what_is_no_results_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("notes.json");
    std::fs::write(&path, "{}").unwrap();
    let error = Named::load(&path).err().unwrap();
    assert!(error.to_string().contains("notes.json"), "{error:#}");
}
