//! Lambda's Invoke API of `cargo lab serve`, and answers that are streamed.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::serve::{Server, patiently};

/// `target/PROFILE/deps/THIS_TEST` -> `target/PROFILE/examples/streams`
fn streams() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples/streams")
}

const ORDERS: &str = "/2015-03-31/functions/orders";
const STREAMING: &str = "/2021-11-15/functions/orders/response-streaming-invocations";

#[tokio::test]
async fn a_file_has_a_name_and_streams_to_those_who_want_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("orders")).unwrap();
    let bootstrap = folder.path().join("orders/bootstrap");
    fs::copy(streams(), &bootstrap).unwrap();
    patiently(async {
        let server = Server::start(&[bootstrap.to_str().unwrap()]).await;
        let page = server.get("/").await;
        assert_eq!(page.status, 203, "{}", page.body);
        assert!(page.headers.contains("x-mine: a"), "{}", page.headers);
        assert!(page.headers.contains("set-cookie: b=2"), "{}", page.headers);
        assert!(page.headers.contains("transfer-encoding: chunked"));
        assert!(page.body.contains("first ") && page.body.contains("last"));

        let streamed = server
            .send("POST", STREAMING, "x-amz-log-type: Tail\r\n", "{}")
            .await;
        let kind = "content-type: application/vnd.amazon.eventstream";
        assert!(streamed.headers.contains(kind), "{}", streamed.headers);
        let body = &streamed.body;
        for part in [
            "PayloadChunk",
            "first ",
            "InvokeComplete",
            "\"LogResult\":\"",
        ] {
            assert!(body.contains(part), "{body}");
        }
        assert!(!body.contains("ErrorCode"), "{body}");

        let invocations = format!("{ORDERS}/invocations");
        let whole = server
            .send("POST", &invocations, "x-amz-log-type: Tail\r\n", "{}")
            .await;
        assert!(
            whole.body.starts_with("{\"statusCode\":203"),
            "{}",
            whole.body
        );
        assert!(whole.body.ends_with("first last"), "{}", whole.body);
        let (_, log) = whole.headers.split_once("x-amz-log-result: ").unwrap();
        // Headers are in lower case here.
        assert!(log.lines().next().unwrap().len() > 100, "{log}");

        for (method, path, headers, status) in [
            (
                "POST",
                format!("{invocations}?Qualifier=%24LATEST"),
                "",
                200,
            ),
            ("POST", format!("{invocations}?Qualifier=prod"), "", 404),
            ("POST", format!("{ORDERS}:prod/invocations"), "", 404),
            ("POST", format!("{ORDERS}x/invocations"), "", 404),
            ("GET", ORDERS.to_owned(), "", 501),
            (
                "POST",
                "/2014-11-13/functions/orders/invoke-async".to_owned(),
                "",
                501,
            ),
            ("POST", invocations, "x-amz-client-context: %\r\n", 400),
        ] {
            let answer = server.send(method, &path, headers, "{}").await;
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
        }
        assert!(server.end().await.0);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_does_so_for_the_client() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(streams(), folder.path().join("bootstrap")).unwrap();
    let described = format!(
        "name = \"orders\"\n[variables]\nBEHAVIOUR = \"dies\"\nFOLDER = {:?}\n",
        folder.path()
    );
    fs::write(folder.path().join("function.toml"), described).unwrap();
    patiently(async {
        let server = Server::start(&[folder.path().to_str().unwrap(), "--name", "bills"]).await;
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut page = Vec::new();
        while !page.ends_with(b"first \r\n") {
            assert_ne!(stream.read_buf(&mut page).await.unwrap(), 0);
        }
        // Now that the begin has arrived, the function may die.
        fs::write(folder.path().join("release"), b"").unwrap();
        let _ = stream.read_to_end(&mut page).await;
        assert!(page.starts_with(b"HTTP/1.1 203"));
        assert!(!page.ends_with(b"0\r\n\r\n"), "it has no end");
        let bills = STREAMING.replace("orders", "bills");
        let streamed = server.send("POST", &bills, "", "{}").await;
        let error = "\"ErrorCode\":\"Runtime.ExitError\"";
        assert!(streamed.body.contains(error), "{}", streamed.body);
        let context = STANDARD.encode("{}");
        let headers = format!("x-amz-client-context: {context}\r\n");
        let bills = "/2015-03-31/functions/bills/invocations";
        let whole = server.send("POST", bills, &headers, "{}").await;
        assert!(whole.headers.contains("x-amz-function-error: unhandled"));
        assert_eq!(whole.json()["errorType"], "Runtime.ExitError");
        let (_, stdout, stderr) = server.end().await;
        let told = "Status: error\tError Type: Runtime.ExitError";
        assert_eq!(stdout.matches(told).count(), 3, "{stdout}");
        assert!(stderr.contains("a streamed answer breaks off"), "{stderr}");
    })
    .await;
}
