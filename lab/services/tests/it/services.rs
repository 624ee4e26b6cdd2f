//! All services together: start, environment, network, end.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab_services::{Counter, Link, Network, Options, Services, TrustAnchors};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use crate::lab::{own, programs, shared};
use crate::processes::servers;

#[tokio::test]
async fn nothing_runs_on_after_a_stop_or_a_drop() {
    for drops in [false, true] {
        let lab = own().await;
        assert!(servers(lab.folder.path()).len() >= 2);
        if drops {
            drop(lab.services);
        } else {
            lab.services.stop().await;
        }
        assert!(servers(lab.folder.path()).is_empty());
    }
}

/// Started by the test below as a process of its own.
#[tokio::test]
#[ignore = "runs until it is killed"]
async fn holds_the_services() {
    let lab = own().await;
    println!("folder: {}", lab.folder.path().display());
    std::future::pending::<()>().await;
}

#[test]
fn the_programs_end_when_the_lab_is_killed() {
    let mut lab = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "services::holds_the_services",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(lab.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let folder = lines.find_map(|line| Some(PathBuf::from(line.split_once("folder: ")?.1)));
    let folder = folder.expect("the services start");
    assert!(servers(&folder).len() >= 2);
    lab.kill().unwrap();
    lab.wait().unwrap();
    while !servers(&folder).is_empty() {
        std::thread::yield_now();
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn handles_report_that_the_services_have_stopped() {
    let lab = own().await;
    let cache = lab.services.cache().clone();
    lab.services.stop().await;
    assert!(matches!(
        cache.flush().await,
        Err(lab_services::Error::Stopped)
    ));
}

#[tokio::test]
async fn the_environment_leads_to_the_services() {
    let lab = shared().await;
    let names = lab
        .services
        .environment(TrustAnchors::Platform)
        .into_iter()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            "AWS_ENDPOINT_URL_SSM",
            "SSL_CERT_FILE",
            "AWS_XRAY_DAEMON_ADDRESS"
        ]
    );
    let certificates = |anchors| {
        std::fs::read_to_string(lab.trust_file(anchors))
            .unwrap()
            .matches("BEGIN")
            .count()
    };
    assert_eq!(certificates(TrustAnchors::None), 1);
    assert!(certificates(TrustAnchors::Platform) > 100);
}

#[tokio::test]
async fn traces_are_kept_until_they_are_taken() {
    let lab = shared().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let daemon = lab.services.traces().endpoint();
    socket.send_to(b"garbage", daemon).await.unwrap();
    socket
        .send_to(
            b"{\"format\":\"json\",\"version\":1}\n{\"id\":\"0123456789abcdef\"}",
            daemon,
        )
        .await
        .unwrap();
    while lab.counts()[Counter::TracesDocuments] == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(lab.counts()[Counter::TracesMalformed], 1);
    let documents = lab.services.traces().take();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["id"], "0123456789abcdef");
    assert!(lab.services.traces().take().is_empty());
}

#[tokio::test]
async fn service_and_session_time_are_counted_apart_from_distance() {
    let ms = Duration::from_millis;
    let network = Network {
        cache: Link {
            round_trip: ms(1),
            service_time: ms(10),
            session_setup: ms(100),
        },
        ..Network::default()
    };
    let lab = shared().await;
    lab.services.set_network(&network);
    let before = lab.counts();
    let start = Instant::now();
    let mut stream = lab.connect(lab.services.cache().endpoint()).await;
    stream.write_all(b"PING\r\n").await.unwrap();
    stream.read_exact(&mut [0; 7]).await.unwrap();
    let took = start.elapsed();
    // TCP, TLS and the request; one request; one session
    assert_eq!(
        lab.services.waited(&(lab.counts() - before)),
        ms(3 + 10 + 100)
    );
    assert!(took >= ms(113), "{took:?}");
}

#[tokio::test]
async fn a_run_directory_that_is_too_long_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run_directory = folder.path().join("x".repeat(80));
    let options = Options {
        run_directory,
        network: Network::default(),
        programs: programs(),
        parameter_quota: None,
    };
    let error = Services::start(options).await.err().unwrap().to_string();
    assert!(error.contains("TMPDIR"), "{error}");
}

#[tokio::test]
async fn a_program_that_does_not_start_is_named_with_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut programs = programs();
    // Not a server: it complains about its arguments and ends.
    programs.cache.folder = "/bin".into();
    programs.cache.name = "cat";
    let options = Options {
        run_directory: folder.path().to_owned(),
        network: Network::default(),
        programs,
        parameter_quota: None,
    };
    let error = Services::start(options).await.err().unwrap().to_string();
    assert!(
        error.contains("ended (exit status: 1)") && error.contains("cat: "),
        "{error}"
    );
    while !servers(folder.path()).is_empty() {
        tokio::task::yield_now().await;
    }
}
