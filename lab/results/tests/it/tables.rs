//! Every table, from the definitions: what stands in it, and that it fits a terminal.

use lab_results::ceiling::Ceilings;
use lab_results::faults::FaultMatrix;
use lab_results::load::Load;
use lab_results::schema::{ResultsFile, Session};
use lab_results::trace::Trace;
use lab_results::tuning::{Strategy, Tuning};
use lab_results::view::compare::{self, Named};
use lab_results::view::section::{Column, Content, Section, USUAL_WIDTH, text};
use lab_results::view::tuning::Shown;
use lab_results::view::{ceiling, faults, load, steps, tuning, waterfall};

use crate::common::{facts, measurement, prices, reference, repository, session};

/// The longest names that there are, with intervals, every step against the one before it.
fn example() -> Session {
    let names = [
        "00-unoptimized",
        "03-parameters-extension",
        "04-keep-the-parameters",
        "10-cache-the-response",
        "13-settings-in-variables",
        "./target/lambda/my-function/bootstrap",
        "floor",
    ];
    let mut session = session("1", &[]);
    let mut from = None;
    for (index, name) in (0..).zip(names) {
        let mut measured = measurement(12, 1_500 + 20_000 / (index + 1));
        measured.from = from.replace(name.to_owned());
        measured.floor = Some("floor".to_owned());
        session.measurements.insert(name.to_owned(), measured);
    }
    let floor = session.measurements.get_mut("floor").unwrap();
    (floor.from, floor.floor) = (None, None);
    session
}

fn order(session: &Session) -> Vec<String> {
    session.measurements.keys().cloned().collect()
}

/// The table with this heading.
fn find<'a>(sections: &'a [Section], heading: &str) -> &'a Section {
    sections.iter().find(|it| it.heading == heading).unwrap()
}

fn cell<'a>(section: &'a Section, step: &str, heading: &str) -> &'a str {
    let column = section
        .columns
        .iter()
        .position(|it| it.heading == heading)
        .unwrap();
    let row = section.rows.iter().find(|row| row[0] == step).unwrap();
    &row[column]
}

#[test]
fn every_table_fits_a_terminal() {
    let (session, reference, prices) = (example(), reference(), prices());
    let mut on_aws = session.clone();
    on_aws.conditions.network = None;
    on_aws.conditions.region = Some("ap-southeast-2".to_owned());
    let mut sections = steps::of_session(&session, &order(&session), &prices);
    sections.extend(steps::of_session(&on_aws, &order(&session), &prices));
    let ceilings = Ceilings::of(&reference, "reference.json".into(), &[], &facts());
    sections.extend(ceiling::sections(&ceilings.unwrap()));
    let loaded = |load: &Load| {
        let mut load = load.clone();
        let steps: Vec<String> = load.steps.keys().cloned().collect();
        for step in load.steps.values_mut() {
            step.errors
                .insert("503: ".to_owned() + &"a long message, ".repeat(20), 1);
            step.served -= 1;
        }
        load::sections(&load, &steps)
    };
    sections.extend(reference.loads.iter().flat_map(loaded));
    sections.extend(waterfall::sections(
        &reference.traces.iter().collect::<Vec<&Trace>>(),
    ));
    let tunings: &[Tuning] = &reference.tune;
    let shown = Shown {
        tunings,
        prices: &prices,
        strategy: Strategy::Cost,
        weight: 0.5,
        baseline: None,
    };
    sections.extend(tuning::sections(&shown).unwrap());
    let matrix = FaultMatrix::load(&repository().join("data/results/faults.json")).unwrap();
    sections.push(faults::section(&matrix.rows, true));
    let reference_again = || Named {
        path: "reference.json".into(),
        label: "reference".to_owned(),
        file: reference.clone(),
    };
    let steps = order(&session);
    let mut file = ResultsFile::new(reference.place);
    file.merge(session.clone());
    let of_steps = compare::steps(&file, None, &steps, &prices).unwrap();
    let of_files = compare::files(&[reference_again(), reference_again()], "region").unwrap();
    for report in [of_steps, compare::ladder(&session, &prices), of_files] {
        sections.extend(report.sections);
    }
    let mut pasted = compare::Pasted::default();
    pasted.file(&reference_again());
    sections.extend(compare::leaderboard(&pasted).sections);
    assert!(sections.len() > 30, "{}", sections.len());

    let text = text(&sections, Some(USUAL_WIDTH));
    let is_link = |line: &str| line.contains("https://");
    let long = text
        .lines()
        .filter(|line| line.chars().count() > USUAL_WIDTH && !is_link(line));
    assert_eq!(long.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_short_line_leaves_the_least_important_columns_out_and_says_so() {
    let column = |heading: &str, rank| Column::new(heading, Content::Number).ranked(rank);
    let section = Section {
        heading: "Things".to_owned(),
        columns: vec![
            Column::new("what", Content::Name),
            column("first", 1),
            column("second", 2),
            Column::new("said", Content::Message),
        ],
        rows: vec![vec![
            "a".to_owned(),
            "1".to_owned(),
            "2".to_owned(),
            "x".repeat(60),
        ]],
        ..Section::default()
    };
    let all = section.text(None);
    assert!(all.contains("second") && !all.contains("--wide"), "{all}");
    let short = section.text(Some(40));
    assert!(
        short.ends_with("--wide shows as well: first, second\n"),
        "{short}"
    );
    assert!(short.contains("xxx…"), "{short}");
    assert!(
        short.lines().all(|line| line.chars().count() <= 40),
        "{short}"
    );
}

#[test]
fn a_step_is_compared_with_the_one_that_it_changes_and_with_no_other() {
    let mut session = session("1", &["floor", "05-elasticache", "mine"]);
    let mine = session.measurements.get_mut("mine").unwrap();
    mine.from = Some("03-parameters-extension".to_owned());
    let of = |session: &Session| {
        let sections = steps::of_session(session, &order(session), &prices());
        let ladder = find(&sections, "The ladder");
        let change = ladder
            .columns
            .iter()
            .any(|it| it.heading == "against the step before");
        (
            change,
            sections
                .iter()
                .any(|it| it.heading == "Against the step before"),
        )
    };
    assert_eq!(of(&session), (false, false), "03 was not measured");

    let mine = session.measurements.get_mut("mine").unwrap();
    mine.from = Some("05-elasticache".to_owned());
    let sections = steps::of_session(&session, &order(&session), &prices());
    let told = cell(
        find(&sections, "The ladder"),
        "mine",
        "against the step before",
    );
    assert!(told.ends_with("as 05"), "{told}");
}

#[test]
fn a_table_is_the_same_in_markdown_and_in_html() {
    let section = Section {
        heading: "A & B".to_owned(),
        columns: vec![
            Column::new("step", Content::Name),
            Column::new("p50", Content::Number),
            Column::new("is", Content::Change),
        ],
        rows: vec![vec![
            "a|b\nc".to_owned(),
            "1 ms".to_owned(),
            "2.00x as fast [1.90, 2.10]".to_owned(),
        ]],
        notes: vec!["A note.".to_owned()],
        ..Section::default()
    };
    assert_eq!(
        section.markdown(),
        "### A & B\n\n| step | p50 | is |\n| --- | --: | --- |\n| a\\|b<br>c | 1 ms | 2.00x as fast [1.90, 2.10] |\n\nA note.\n\n"
    );
    assert_eq!(
        section.page(),
        "| step | p50 | is |\n| --- | --: | --- |\n| `a\\|b`<br>`c` | 1 ms | \
         <span class=\"whole\">2.00x as fast<br>[1.90, 2.10]</span> |\n"
    );
    let html = section.html().into_string();
    assert!(html.contains("A &amp; B") && html.contains("<td class=\"number\">1 ms</td>"));
    assert!(html.contains("a|b<br>c"), "{html}");
}
