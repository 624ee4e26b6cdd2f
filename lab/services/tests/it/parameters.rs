//! Parameter Store over HTTPS.

use lab_services::Counter;
use serde_json::{Value, json};

use crate::https::Connection;
use crate::lab::{own, shared};

#[tokio::test]
async fn parameters_have_the_shapes_of_the_api() {
    let lab = shared().await;
    let mut connection = Connection::open(&lab).await;
    lab.services
        .parameters()
        .put("/stadiums/database/user", "stadiums_reader");
    lab.services
        .parameters()
        .put("/stadiums/database/port", "5432");

    let (status, _, body) = connection
        .call(
            "GetParameter",
            &json!({ "Name": "/stadiums/database/port" }),
        )
        .await;
    assert_eq!(status, 200);
    let parameter = &body["Parameter"];
    assert!(parameter["LastModifiedDate"].as_f64().unwrap() > 1_700_000_000.0);
    assert_eq!(
        parameter["ARN"],
        "arn:aws:ssm:us-east-1:123456789012:parameter/stadiums/database/port"
    );
    for (field, value) in [
        ("Name", "/stadiums/database/port"),
        ("Type", "String"),
        ("Value", "5432"),
        ("DataType", "text"),
    ] {
        assert_eq!(parameter[field], value);
    }

    // Asked for in another order than that of the names.
    let names =
        json!({ "Names": ["/stadiums/database/user", "/missing", "/stadiums/database/port"] });
    let (status, _, body) = connection.call("GetParameters", &names).await;
    assert_eq!(status, 200);
    assert_eq!(body["InvalidParameters"], json!(["/missing"]));
    let values = body["Parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| &parameter["Value"])
        .collect::<Vec<_>>();
    assert_eq!(values, ["5432", "stadiums_reader"]);

    let counts = lab.counts();
    for (counter, value) in [
        (Counter::ParametersConnections, 1),
        (Counter::ParametersTlsHandshakes, 1),
        (Counter::ParametersRequests, 2),
        // TCP, TLS and the requests
        (Counter::ParametersRoundTrips, 4),
        (Counter::ParametersGetParameter, 1),
        (Counter::ParametersGetParameters, 1),
        (Counter::ParametersThrottled, 0),
    ] {
        assert_eq!(counts[counter], value, "{}", counter.name());
    }
}

#[tokio::test]
async fn a_removed_parameter_is_unknown() {
    let lab = shared().await;
    let parameters = lab.services.parameters();
    let mut connection = Connection::open(&lab).await;
    parameters.put("/a", "one");
    parameters.remove("/a");
    let name = json!({ "Name": "/a" });
    let (status, error, _) = connection.call("GetParameter", &name).await;
    assert_eq!((status, error.as_deref()), (400, Some("ParameterNotFound")));
}

#[tokio::test]
async fn errors_have_the_names_of_the_api() {
    let lab = shared().await;
    let mut connection = Connection::open(&lab).await;
    let names = (0..11)
        .map(|number| format!("/{number}"))
        .collect::<Vec<_>>();
    for (operation, body, name) in [
        (
            "GetParameter",
            json!({ "Name": "/missing" }),
            "ParameterNotFound",
        ),
        (
            "GetParameters",
            json!({ "Names": names }),
            "ValidationException",
        ),
        (
            "GetParameters",
            json!({ "Names": [] }),
            "ValidationException",
        ),
        ("GetParameter", json!([]), "SerializationException"),
        (
            "DeleteParameter",
            json!({ "Name": "/a" }),
            "UnknownOperationException",
        ),
    ] {
        let (status, header, body) = connection.call(operation, &body).await;
        assert_eq!(
            (status, header.as_deref(), body["__type"].as_str()),
            (400, Some(name), Some(name))
        );
    }
}

#[tokio::test]
async fn callers_without_the_right_credentials_are_refused() {
    let lab = shared().await;
    let mut connection = Connection::open(&lab).await;
    let body = json!({ "Name": "/a" });
    for (header, value, name) in [
        (
            "x-amz-security-token",
            Some("another"),
            "UnrecognizedClientException",
        ),
        ("x-amz-security-token", None, "UnrecognizedClientException"),
        (
            "authorization",
            Some("Bearer token"),
            "IncompleteSignatureException",
        ),
        (
            "authorization",
            Some(
                "AWS4-HMAC-SHA256 Credential=ASIAOTHER/20260131/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=00",
            ),
            "UnrecognizedClientException",
        ),
        ("authorization", None, "MissingAuthenticationTokenException"),
    ] {
        connection.set_header(header, value);
        let (status, error, _) = connection.call("GetParameter", &body).await;
        assert_eq!(
            (status, error.as_deref()),
            (400, Some(name)),
            "{header}: {value:?}"
        );
    }
    assert_eq!(lab.counts()[Counter::ParametersGetParameter], 0);
}

#[tokio::test]
async fn over_the_quota_requests_are_throttled_until_it_is_lifted() {
    let lab = shared().await;
    lab.services.parameters().set_quota(Some(0));
    lab.services.parameters().put("/a", "1");
    let mut connection = Connection::open(&lab).await;
    let requests = [
        ("GetParameter", json!({ "Name": "/a" })),
        ("GetParameters", json!({ "Names": ["/a"] })),
        ("GetParametersByPath", json!({ "Path": "/" })),
    ];
    for (operation, body) in &requests {
        assert_eq!(
            connection.call(operation, body).await,
            (
                400,
                Some("ThrottlingException".to_owned()),
                json!({ "__type": "ThrottlingException", "message": "Rate exceeded" })
            ),
            "{operation}"
        );
    }
    assert_eq!(lab.counts()[Counter::ParametersThrottled], 3);
    lab.services.parameters().set_quota(None);
    for (operation, body) in &requests {
        assert_eq!(connection.call(operation, body).await.0, 200, "{operation}");
    }
}

/// With a quota of one request a second the second of two is throttled, if it comes within that second. On a machine that
/// is too slow for that the pair is tried again.
#[tokio::test]
async fn all_who_read_share_one_quota() {
    let lab = shared().await;
    lab.services.parameters().put("/a", "1");
    let mut connection = Connection::open(&lab).await;
    let requests = [
        ("GetParameter", json!({ "Name": "/a" })),
        ("GetParameters", json!({ "Names": ["/a"] })),
        ("GetParametersByPath", json!({ "Path": "/" })),
    ];
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        loop {
            lab.services.parameters().set_quota(Some(1));
            let (operation, body) = &requests[one];
            assert_eq!(connection.call(operation, body).await.0, 200);
            let (operation, body) = &requests[other];
            let (_, error, _) = connection.call(operation, body).await;
            if error.as_deref() == Some("ThrottlingException") {
                break;
            }
        }
    }
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
                let page = body["Parameters"].as_array().unwrap();
                assert!(page.len() <= size);
                found.extend(page.iter().map(|parameter| parameter["Value"].clone()));
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

#[tokio::test]
async fn a_secure_string_is_decrypted_only_where_that_is_asked_for() {
    let lab = shared().await;
    let mut connection = Connection::open(&lab).await;
    lab.services
        .parameters()
        .put_secure("/prices/token", "open sesame");
    for (operation, request) in [
        ("GetParameter", json!({ "Name": "/prices/token" })),
        ("GetParameters", json!({ "Names": ["/prices/token"] })),
        ("GetParametersByPath", json!({ "Path": "/prices" })),
    ] {
        for with_decryption in [None, Some(false), Some(true)] {
            let mut request = request.clone();
            if let Some(with_decryption) = with_decryption {
                request["WithDecryption"] = with_decryption.into();
            }
            let (_, _, body) = connection.call(operation, &request).await;
            let parameter = body.get("Parameter").unwrap_or(&body["Parameters"][0]);
            assert_eq!(parameter["Type"], "SecureString", "{operation}: {body}");
            let is_told = parameter["Value"] == "open sesame";
            assert_eq!(
                is_told,
                with_decryption == Some(true),
                "{operation}: {body}"
            );
        }
    }
}
