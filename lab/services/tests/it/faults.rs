//! Services that hang or are slow, and what stays of them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use lab_services::{Counter, Link, Network};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::client::TlsStream;

use crate::client::{config, connect};
use crate::https::Connection;
use crate::lab::{Lab, own, shared};
use crate::processes::{descendants, family, states, wait_until_gone};

const ADMIN: &str = "stadiums_admin";

/// Waits until the service has counted this, and done with it what it does at once.
async fn seen(lab: &Lab, counter: Counter, count: u64) {
    while lab.counts()[counter] < count {
        tokio::task::yield_now().await;
    }
    lab.services.settle().await;
}

/// A client of the database with a session, and its answer to come.
async fn ask_the_database(lab: &Lab) -> JoinHandle<i32> {
    let (client, _) = connect(lab, &config(lab, ADMIN)).await.unwrap();
    tokio::spawn(async move { client.query_one("SELECT 7", &[]).await.unwrap().get(0) })
}

#[tokio::test]
async fn a_suspended_database_closes_nothing_and_goes_on_where_it_was() {
    let lab = shared().await;
    let database = lab.services.database();
    let config = config(&lab, ADMIN);
    let (client, task) = connect(&lab, &config).await.unwrap();
    database.suspend().await.unwrap();
    let family = family(&lab.folder.path().join("postgres"));
    assert!(family.len() > 2, "the server, its helpers and the session");
    assert_eq!(states(&family), vec!['T'; family.len()]);

    let answer = tokio::spawn(async move { client.query_one("SELECT 7", &[]).await });
    seen(&lab, Counter::DatabaseRequests, 1).await;
    // The proxy itself takes clients; a session for them is PostgreSQL's to open.
    let tls = MakeRustlsConnect::new(lab.tls());
    let second = tokio::spawn(async move { config.connect(tls).await.map(drop) });
    seen(&lab, Counter::DatabaseTlsHandshakes, 2).await;
    assert!(!answer.is_finished() && !second.is_finished() && !task.is_finished());
    database.suspend().await.unwrap();

    database.resume().await.unwrap();
    assert_eq!(answer.await.unwrap().unwrap().get::<_, i32>(0), 7);
    assert!(second.await.unwrap().is_ok());
    assert_eq!(lab.counts()[Counter::DatabaseSessions], 2);
}

#[tokio::test]
async fn a_suspended_cache_closes_nothing_and_goes_on_where_it_was() {
    let lab = shared().await;
    let cache = lab.services.cache();
    cache.set_for("stadiums", b"[]", 600).await.unwrap();
    let mut stream = lab.connect(cache.endpoint()).await;
    cache.suspend().await.unwrap();
    let family = family(&lab.folder.path().join("cache"));
    assert_eq!(states(&family), ['T']);

    stream.write_all(b"GET stadiums\r\n").await.unwrap();
    seen(&lab, Counter::CacheRequests, 1).await;
    let answer = tokio::spawn(async move {
        let mut answer = [0; 8];
        stream.read_exact(&mut answer).await.map(|_| answer)
    });
    assert!(!answer.is_finished());
    cache.resume().await.unwrap();
    assert_eq!(&answer.await.unwrap().unwrap(), b"$2\r\n[]\r\n");
    assert!(cache.time_to_live("stadiums").await.unwrap().is_some());
}

#[tokio::test]
async fn suspended_servers_can_be_stopped_and_started_again() {
    let lab = shared().await;
    let (_client, task) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    lab.services.database().suspend().await.unwrap();
    lab.services.cache().suspend().await.unwrap();
    let before = family(lab.folder.path());
    lab.services.database().stop().await.unwrap();
    lab.services.cache().stop().await.unwrap();
    wait_until_gone(&before);
    task.await.unwrap();

    lab.services.database().restart().await.unwrap();
    lab.services.cache().restart().await.unwrap();
    assert_eq!(ask_the_database(&lab).await.await.unwrap(), 7);
    lab.services.cache().flush().await.unwrap();
}

#[tokio::test]
async fn nothing_stays_of_suspended_servers_after_a_stop_or_a_drop() {
    for drops in [false, true] {
        let lab = own().await;
        let (_client, _) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
        lab.services.database().suspend().await.unwrap();
        lab.services.cache().suspend().await.unwrap();
        let family = family(lab.folder.path());
        if drops {
            drop(lab.services);
        } else {
            lab.services.stop().await;
        }
        wait_until_gone(&family);
    }
}

/// Started by the test below as a process of its own.
#[tokio::test]
#[ignore = "runs until it is killed"]
async fn holds_suspended_services() {
    let lab = own().await;
    let (_client, _) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    lab.services.database().suspend().await.unwrap();
    lab.services.cache().suspend().await.unwrap();
    println!("folder: {}", lab.folder.path().display());
    std::future::pending::<()>().await;
}

#[test]
fn nothing_stays_of_suspended_servers_when_the_lab_is_killed() {
    // As in a container whose first process is a shell: the orphans go to a parent of their own session, and the kernel
    // does not wake them up as it does when it makes a process group an orphan.
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let mut lab = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "faults::holds_suspended_services",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(lab.stdout.take().unwrap()).lines();
    let folder = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("folder: ")?.1.to_owned()));
    let folder = folder.expect("the services start and are suspended");
    let family = descendants(lab.id());
    let still = states(&family)
        .into_iter()
        .filter(|state| *state == 'T')
        .count();
    assert!(
        still > 3,
        "both servers, PostgreSQL's helpers and a session"
    );
    lab.kill().unwrap();
    lab.wait().unwrap();
    wait_until_gone(&family);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A service time that no test waits for.
fn slow() -> Link {
    Link {
        service_time: Duration::from_hours(1),
        ..Link::default()
    }
}

#[tokio::test]
async fn a_slow_database_holds_a_request_back_while_it_answers_others() {
    let lab = shared().await;
    let network = Network {
        database: slow(),
        ..Network::default()
    };
    lab.services.set_network(&network);
    let first = ask_the_database(&lab).await;
    seen(&lab, Counter::DatabaseRequests, 1).await;
    lab.services.set_network(&Network::default());
    assert_eq!(ask_the_database(&lab).await.await.unwrap(), 7);
    assert!(!first.is_finished(), "each request pays for itself");
}

#[tokio::test]
async fn a_slow_cache_holds_a_request_back_while_it_answers_others() {
    let lab = shared().await;
    let network = Network {
        cache: slow(),
        ..Network::default()
    };
    lab.services.set_network(&network);
    let ping = |mut stream: TlsStream<TcpStream>| {
        tokio::spawn(async move {
            stream.write_all(b"PING\r\n").await?;
            stream.read_exact(&mut [0; 7]).await
        })
    };
    let endpoint = lab.services.cache().endpoint();
    let first = ping(lab.connect(endpoint).await);
    seen(&lab, Counter::CacheRequests, 1).await;
    lab.services.set_network(&Network::default());
    ping(lab.connect(endpoint).await).await.unwrap().unwrap();
    assert!(!first.is_finished(), "each request pays for itself");
}

#[tokio::test]
async fn a_slow_parameter_store_holds_a_request_back_while_it_answers_others() {
    let lab = shared().await;
    let network = Network {
        parameters: slow(),
        ..Network::default()
    };
    lab.services.set_network(&network);
    lab.services.parameters().put("/a", "1");
    let ask = |mut connection: Connection| {
        let body = json!({ "Name": "/a" });
        tokio::spawn(async move { connection.call("GetParameter", &body).await.0 })
    };
    let first = ask(Connection::open(&lab).await);
    seen(&lab, Counter::ParametersGetParameter, 1).await;
    lab.services.set_network(&Network::default());
    assert_eq!(ask(Connection::open(&lab).await).await.unwrap(), 200);
    assert!(!first.is_finished(), "each request pays for itself");
}
