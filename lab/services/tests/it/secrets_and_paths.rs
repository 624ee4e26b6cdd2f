//! Parameter Store's secrets and paths over HTTPS.

use lab_services::Counter;
use serde_json::{Value, json};

use crate::https::Connection;
use crate::lab::{own, shared};

#[tokio::test]
async fn a_secret_is_ciphertext_unless_it_is_asked_for_decrypted() {
    let lab = shared().await;
    let mut connection = Connection::open(&lab).await;
    let parameters = lab.services.parameters();
    parameters.put_secure("/s/secret", "swordfish");
    parameters.put("/s/plain", "text");
    for (operation, request) in [
        ("GetParameter", json!({ "Name": "/s/secret" })),
        ("GetParameters", json!({ "Names": ["/s/secret"] })),
        (
            "GetParametersByPath",
            json!({ "Path": "/s", "MaxResults": 10 }),
        ),
    ] {
        for (asked, decrypted) in [(None, false), (Some(false), false), (Some(true), true)] {
            let mut request = request.clone();
            if let Some(asked) = asked {
                request["WithDecryption"] = asked.into();
            }
            let (_, _, body) = connection.call(operation, &request).await;
            let values = values(&body);
            let secret = values.last().expect("the secret comes last");
            assert_eq!(*secret == "swordfish", decrypted, "{operation}: {asked:?}");
            assert_eq!(secret.starts_with("AQICAH"), !decrypted, "{secret}");
        }
    }
    let (_, _, body) = connection
        .call("GetParameter", &json!({ "Name": "/s/secret" }))
        .await;
    assert_eq!(body["Parameter"]["Type"], "SecureString");
}

#[tokio::test]
async fn a_path_is_read_level_by_level_and_page_by_page() {
    let lab = own().await;
    let mut connection = Connection::open(&lab).await;
    for name in [
        "/app",
        "/app-2/x",
        "/app/a",
        "/app/b",
        "/app/deep/c",
        "/app/d",
    ] {
        lab.services.parameters().put(name, name);
    }
    for (path, recursive, expected) in [
        ("/app", false, &["/app/a", "/app/b", "/app/d"][..]),
        ("/app/", false, &["/app/a", "/app/b", "/app/d"]),
        ("/app", true, &["/app/a", "/app/b", "/app/d", "/app/deep/c"]),
        ("/", false, &["/app"]),
        ("/nowhere", true, &[]),
    ] {
        // A page of each size leads to the same.
        for size in [1, 2, 10] {
            let mut request = json!({ "Path": path, "Recursive": recursive, "MaxResults": size });
            let mut found = Vec::new();
            loop {
                let (status, _, body) = connection.call("GetParametersByPath", &request).await;
                assert_eq!(status, 200, "{body}");
                let page = values(&body);
                assert!(page.len() <= size);
                found.extend(page.into_iter().map(str::to_owned));
                match &body["NextToken"] {
                    Value::Null => break,
                    token => request["NextToken"] = token.clone(),
                }
            }
            assert_eq!(found, expected, "{path}, {size} a page");
        }
    }
    assert!(lab.counts()[Counter::ParametersGetParametersByPath] > 15);
    for (body, name) in [
        (json!({ "Path": "app" }), "ValidationException"),
        (
            json!({ "Path": "/app", "MaxResults": 11 }),
            "ValidationException",
        ),
        (
            json!({ "Path": "/app", "MaxResults": 0 }),
            "ValidationException",
        ),
        (
            json!({ "Path": "/app", "NextToken": "other" }),
            "InvalidNextToken",
        ),
        (
            json!({ "Path": "/app", "ParameterFilters": [{ "Key": "Type" }] }),
            "ValidationException",
        ),
    ] {
        let (status, error, _) = connection.call("GetParametersByPath", &body).await;
        assert_eq!((status, error.as_deref()), (400, Some(name)), "{body}");
    }
}

/// The values of an answer's parameters, or of its one parameter.
fn values(body: &Value) -> Vec<&str> {
    let many = body["Parameters"].as_array().into_iter().flatten();
    let one = body.get("Parameter");
    many.chain(one)
        .map(|parameter| parameter["Value"].as_str().unwrap())
        .collect()
}
