//! What is wrong gets its answer, and harms nobody.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;

use lab::board::routes::router;
use lab::board::server::serve;
use lab::board::{Board as Shown, Settings};
use lab_results::leaderboard::{Line, Result as Measured};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::support::{Board, line, result};

fn changed(change: impl FnOnce(&mut Measured)) -> String {
    let mut result = result("ada", 2000.0);
    change(&mut result);
    Line(result).to_string()
}

#[test]
fn every_bad_line_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let good = line("ada", 2000.0);
    for (sent, status, said) in [
        (good.replace("2000", "1000"), 422, "checksum of ada's line"),
        (
            good.replace("lab1", "lab2"),
            422,
            "another version of the lab, lab2",
        ),
        ("hello".to_owned(), 422, "there is no result in it"),
        (String::new(), 422, "there is no result in it"),
        (
            changed(|it| it.crates[0].keeps_contract = Some(false)),
            422,
            "breaks the contract",
        ),
        (
            changed(|it| it.crates[0].keeps_contract = None),
            422,
            "nobody asked",
        ),
        (
            changed(|it| it.crates.clear()),
            422,
            "nothing beside the floor",
        ),
        (
            changed(|it| "moon".clone_into(&mut it.profile)),
            422,
            "no network profile",
        ),
        (
            changed(|it| it.label = "x".repeat(25)),
            422,
            "1 to 24 visible characters",
        ),
        (
            changed(|it| "a\u{202e}b".clone_into(&mut it.label)),
            422,
            "cannot be seen, U+202E",
        ),
        (
            format!("{} {good}", "x".repeat(2000)),
            422,
            "characters is no result",
        ),
        ("x".repeat(1 << 20), 413, "1048576 bytes are too many"),
    ] {
        let (answered, told) = board.send(&sent);
        assert_eq!(answered, status, "{told}");
        assert!(told.contains(said), "{said}: {told}");
    }
    let (status, told) = board.request("POST /", "", b"\xff\xfe");
    assert_eq!((status, told.trim()), (422, "a line is text, in UTF-8"));
    assert_eq!(board.get("/lines"), "");
    let (status, told) = board.send(&changed(|it| it.rounds = 3));
    assert!(
        status == 200 && told.contains("first impression"),
        "taken, with a remark: {told}"
    );
}

#[test]
fn what_the_board_would_refuse_is_refused_before_anything_is_measured() {
    let long = "x".repeat(25);
    for (arguments, said) in [
        (
            ["--label", &long, "--board", "http://127.0.0.1:1/"],
            "1 to 24 visible characters",
        ),
        (
            ["--label", "ada", "--board", "127.0.0.1:1"],
            "http://HOST:PORT/",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["run", "floor"])
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(said), "{told}");
    }
}

#[test]
fn names_are_text_wherever_they_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let board = Board::on(&folder.path().join("board.jsonl"));
    let html = "<b>\"x\"</b>&<script>";
    assert_eq!(board.send(&line(html, 2000.0)).0, 200);
    for path in ["/", "/board.html"] {
        let page = board.get(path);
        assert!(
            !page.contains("<b>\"x")
                && page.contains("&lt;b&gt;&quot;x&quot;&lt;/b&gt;&amp;&lt;script&gt;"),
            "{path}"
        );
    }
    assert!(
        board
            .get("/board.csv")
            .contains("\"<b>\"\"x\"\"</b>&<script>\"")
    );
}

#[test]
fn a_wrong_code_sends_nothing_and_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("board.jsonl");
    let board = Board::start(&["--code", "stadium", "--file", file.to_str().unwrap()]);
    let good = line("ada", 2000.0);
    for headers in ["", "x-board-code: arena\r\n"] {
        let (status, told) = board.request("POST /", headers, good.as_bytes());
        assert!(
            status == 403 && told.contains("the code is wrong"),
            "{told}"
        );
    }
    let (status, _) = board.request("POST /", "x-board-code: stadium\r\n", good.as_bytes());
    assert_eq!(status, 200);

    let ask = json!({"chapter": "05", "stage": "asked"}).to_string();
    let (status, _) = board.request("POST /show", "x-board-code: stadium\r\n", ask.as_bytes());
    assert_eq!(status, 403, "the room's code is not the facilitator's");
    let facilitator = format!("x-board-code: {}\r\n", board.facilitator());
    let none = json!({"chapter": "99", "stage": "asked"}).to_string();
    assert_eq!(
        board.request("POST /show", &facilitator, none.as_bytes()).0,
        422
    );
    let vote = |answer: usize| json!({"chapter": "05", "voter": "v", "answer": answer}).to_string();
    assert_eq!(
        board.request("POST /vote", "", vote(2).as_bytes()).0,
        409,
        "not asked"
    );
    assert_eq!(
        board.request("POST /show", &facilitator, ask.as_bytes()).0,
        200
    );
    assert_eq!(board.request("POST /vote", "", vote(4).as_bytes()).0, 409);
    for answer in [1, 2] {
        assert_eq!(
            board.request("POST /vote", "", vote(answer).as_bytes()).0,
            200
        );
    }
    let page = board.get("/");
    assert!(page.contains("1 chose; choose on your phone") && !page.contains("class=\"bar\""));
    drop(board);
    let again = Board::on(&file).get("/");
    assert!(
        again.contains("1 chose; choose on your phone"),
        "a restart shows the question again"
    );
}

/// A board in this process, without anything kept.
async fn here() -> SocketAddr {
    let settings = Settings {
        profiles: vec!["region".to_owned()],
        ..Settings::default()
    };
    let board = Arc::new(Shown::new(settings, None, Vec::new()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(router(board, "nonce".to_owned()), listener));
    address
}

/// The status of a send from this address.
async fn send_from(from: IpAddr, to: SocketAddr, line: &str) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let length = line.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: board\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{line}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn who_sends_a_thousand_lines_waits_and_the_others_do_not() {
    let to = here().await;
    let [loud, quiet] = [[127, 0, 0, 2], [127, 0, 0, 3]].map(IpAddr::from);
    let mut statuses = Vec::new();
    for number in 0..1000 {
        statuses.push(send_from(loud, to, &line("loud", f64::from(1000 + number))).await);
    }
    assert_eq!(statuses[..60], [200; 60]);
    assert!(
        statuses[60..]
            .iter()
            .filter(|status| **status == 429)
            .count()
            > 800,
        "{statuses:?}"
    );
    assert_eq!(send_from(quiet, to, &line("quiet", 900.0)).await, 200);
}

#[tokio::test]
async fn a_client_that_never_finishes_is_let_go_and_nobody_waits_for_it() {
    let to = here().await;
    let mut head = TcpStream::connect(to).await.unwrap();
    head.write_all(b"POST / HTTP/1.1\r\nhost: bo")
        .await
        .unwrap();
    let mut body = TcpStream::connect(to).await.unwrap();
    body.write_all(b"POST / HTTP/1.1\r\nhost: board\r\ncontent-length: 100\r\n\r\nlab1 ")
        .await
        .unwrap();
    assert_eq!(
        send_from(IpAddr::from([127, 0, 0, 1]), to, &line("ada", 900.0)).await,
        200
    );

    // The clock goes on by itself as soon as everybody waits.
    tokio::time::pause();
    let mut answer = String::new();
    body.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("was not there within"),
        "{answer}"
    );
    answer.clear();
    head.read_to_string(&mut answer).await.unwrap();
}
