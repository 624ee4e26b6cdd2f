//! What a room does with it.

use std::fs;
use std::process::Command;
use std::time::Instant;

use lab::board::send::{Answer, Destination};
use serde_json::{Value, json};

use crate::support::{Board, hear, lab, line};

#[test]
fn what_was_acknowledged_survives_sigkill_and_a_torn_line_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.jsonl");
    let board = Board::on(&file);
    assert_eq!(board.send(&line("ada", 2000.0)).0, 200);
    drop(board);
    let board = Board::on(&file);
    assert_eq!(board.get("/lines"), line("ada", 2000.0) + "\n");
    assert_eq!(board.send(&line("bob", 1500.0)).0, 200);
    drop(board);

    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 10]).unwrap();
    let board = Board::on(&file);
    assert!(
        board.said.contains("line 2, the last one, breaks off"),
        "{}",
        board.said
    );
    assert_eq!(board.get("/lines"), line("ada", 2000.0) + "\n");
    assert_eq!(board.send(&line("carol", 1800.0)).0, 200);
    drop(board);
    let lines = Board::on(&file).get("/lines");
    assert!(lines.contains("ada") && lines.contains("carol"), "{lines}");
}

/// Who is where, limited machines first.
fn places(report: &Value) -> Vec<(bool, String, f64)> {
    let groups = report["groups"].as_array().unwrap();
    let places = groups.iter().flat_map(|group| {
        let ranked = group["ranked"].as_array().unwrap().iter();
        ranked.map(|it| {
            let label = it["label"].as_str().unwrap().to_owned();
            (
                group["limited"].as_bool().unwrap(),
                label,
                it["score_us"].as_f64().unwrap(),
            )
        })
    });
    places.collect()
}

#[test]
fn a_room_of_five_is_ranked_as_compare_ranks_it() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let unlimited = lab_results::leaderboard::Result {
        limited: false,
        ..crate::support::result("carol", 900.0)
    };
    let lines = [
        line("ada", 1500.0),
        line("bob", 1200.0),
        lab_results::leaderboard::Line(unlimited).to_string(),
        line("dave", 2500.0),
        line("eve", 1100.0),
        line("bob", 1300.0),
    ];
    let destination: Destination = format!("http://{}/", board.address).parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = runtime.block_on(destination.send(&lines[0], None)).unwrap();
    assert_eq!(
        answer,
        Answer::Taken("ada: mine is in place 1 of 1".to_owned())
    );
    let url = format!("http://{}/", board.address);
    let curl = Command::new("curl")
        .args(["-sS", "--data", &lines[1], &url])
        .output();
    match curl {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => assert_eq!(board.send(&lines[1]).0, 200, "where there is no curl"),
    }
    // As somebody pastes a chat.
    let chat = format!("good morning!\n\n{}\n", lines[2..].join("\nthanks\n"));
    assert_eq!(board.send(&chat).0, 200);

    let shown: Value = serde_json::from_str(&board.get("/board.json")).unwrap();
    let text = lab(&["compare", "-", "--json"], &lines.join("\n"));
    let compared: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(places(&shown), places(&compared));
    let labels: Vec<String> = places(&shown).into_iter().map(|it| it.1).collect();
    assert_eq!(labels, ["eve", "bob", "ada", "dave", "carol"]);
    let bob = &shown["groups"][0]["ranked"][1];
    assert_eq!(
        (&bob["tries"], &bob["first_us"], &bob["best_us"]),
        (&json!(2), &json!(1200.0), &json!(1200.0))
    );
    let again = lab(&["compare", "-", "--json"], &board.get("/lines"));
    assert_eq!(
        places(&serde_json::from_str(&again).unwrap()),
        places(&shown)
    );
    assert_eq!(board.get("/board.csv").lines().count(), 6);
    let kept = board.get("/board.html");
    assert!(kept.contains("<bdi>eve</bdi>") && !kept.contains("<script") && !kept.contains("src="));
}

#[test]
fn two_hundred_pages_show_all_of_forty_that_send_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let mut pages: Vec<_> = (0..200).map(|_| board.events()).collect();
    for page in &mut pages {
        hear(page, "event: board");
    }
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..40 {
            let board = &board;
            scope.spawn(move || {
                let (status, said) = board.send(&line(&format!("person-{number}"), 1500.0));
                assert_eq!(status, 200, "{said}");
            });
        }
    });
    let sent = begin.elapsed();
    for page in &mut pages {
        hear(page, "40 ranked, 40 tries");
    }
    // For people; nothing is asserted of it.
    println!(
        "40 sent in {sent:?}, on 200 pages after {:?}",
        begin.elapsed()
    );
}

/// Addresses on which the port listens, as /proc/net/tcp has them.
fn listening(port: &str) -> Vec<String> {
    let ending = format!(":{:04X}", port.parse::<u16>().unwrap());
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines());
    let fields = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = fields.filter(|fields| fields.get(3) == Some(&"0A"));
    let addresses =
        listening.filter_map(|fields| fields[1].strip_suffix(&ending).map(str::to_owned));
    addresses.collect()
}

#[test]
fn without_lan_nothing_listens_on_another_address() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let port = board.address.rsplit(':').next().unwrap();
    assert_eq!(listening(port), ["0100007F"]);
    assert!(
        board.said.contains("no other machine reaches it"),
        "{}",
        board.said
    );

    let lan = Board::start(&["--lan", "--demo"]);
    let port = lan.address.rsplit(':').next().unwrap();
    assert_eq!(listening(port), ["00000000"]);
}
