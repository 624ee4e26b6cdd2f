//! Parameter Store over HTTPS.

mod common;

use lab_services::{Counter, Network};
use serde_json::json;

use common::https::Connection;
use common::{start, start_with};

#[tokio::test]
async fn parameters_have_the_shapes_of_the_api() {
    let lab = start().await;
    let mut connection = Connection::open(&lab).await;
    lab.services
        .parameters()
        .put("/stadiums/database/user", "stadiums_reader");
    let put = json!({ "Name": "/stadiums/database/port", "Value": "5432", "Type": "String" });
    let (status, _, body) = connection.call("PutParameter", &put).await;
    assert_eq!(
        (status, body),
        (200, json!({ "Version": 1, "Tier": "Standard" }))
    );

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

    let counts = lab.services.counts();
    for (counter, value) in [
        (Counter::ParametersConnections, 1),
        (Counter::ParametersTlsHandshakes, 1),
        (Counter::ParametersRequests, 3),
        // TCP, TLS and the requests
        (Counter::ParametersRoundTrips, 5),
        (Counter::ParametersGetParameter, 1),
        (Counter::ParametersGetParameters, 1),
        (Counter::ParametersThrottled, 0),
    ] {
        assert_eq!(counts[counter], value, "{}", counter.name());
    }
    lab.services.stop().await;
}

#[tokio::test]
async fn a_parameter_is_overwritten_only_on_request() {
    let lab = start().await;
    let mut connection = Connection::open(&lab).await;
    let mut put = json!({ "Name": "/a", "Value": "one", "Type": "String" });
    connection.call("PutParameter", &put).await;
    put["Value"] = "two".into();
    assert_eq!(
        connection.call("PutParameter", &put).await.1.as_deref(),
        Some("ParameterAlreadyExists")
    );
    put["Overwrite"] = true.into();
    assert_eq!(connection.call("PutParameter", &put).await.2["Version"], 2);
    assert_eq!(
        connection
            .call("GetParameter", &json!({ "Name": "/a" }))
            .await
            .2["Parameter"]["Value"],
        "two"
    );
    let first = connection
        .call("GetParameter", &json!({ "Name": "/a:1" }))
        .await
        .2;
    assert_eq!(
        (
            &first["Parameter"]["Value"],
            &first["Parameter"]["Selector"]
        ),
        (&json!("one"), &json!(":1"))
    );
    lab.services.stop().await;
}

#[tokio::test]
async fn a_removed_parameter_is_unknown_and_starts_again_at_version_1() {
    let lab = start().await;
    let parameters = lab.services.parameters();
    let mut connection = Connection::open(&lab).await;
    parameters.put("/a", "one");
    parameters.put("/a", "two");
    assert!(parameters.remove("/a"));
    assert!(!parameters.remove("/a"));
    for name in ["/a", "/a:1"] {
        let (status, error, _) = connection
            .call("GetParameter", &json!({ "Name": name }))
            .await;
        assert_eq!((status, error.as_deref()), (400, Some("ParameterNotFound")));
    }
    let (status, _, body) = connection
        .call("GetParameters", &json!({ "Names": ["/a"] }))
        .await;
    assert_eq!(
        (status, body),
        (
            200,
            json!({ "Parameters": [], "InvalidParameters": ["/a"] })
        )
    );
    assert_eq!(parameters.put("/a", "three"), 1);
    lab.services.stop().await;
}

#[tokio::test]
async fn errors_have_the_names_of_the_api() {
    let lab = start().await;
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
            "PutParameter",
            json!({ "Name": "/a", "Value": "1" }),
            "ValidationException",
        ),
        (
            "PutParameter",
            json!({ "Name": "/a", "Value": "1", "Type": "Text" }),
            "ValidationException",
        ),
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
    lab.services.stop().await;
}

#[tokio::test]
async fn callers_without_the_right_credentials_are_refused() {
    let lab = start().await;
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
    assert_eq!(lab.services.counts()[Counter::ParametersGetParameter], 0);
    lab.services.stop().await;
}

#[tokio::test]
async fn over_the_quota_requests_are_throttled_until_it_is_lifted() {
    let lab = start_with(Network::default(), Some(0)).await;
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
    assert_eq!(lab.services.counts()[Counter::ParametersThrottled], 3);
    // Writing has a quota of its own, which is not modelled.
    let put = json!({ "Name": "/b", "Value": "1", "Type": "String" });
    assert_eq!(connection.call("PutParameter", &put).await.0, 200);
    lab.services.parameters().set_quota(None);
    for (operation, body) in &requests {
        assert_eq!(connection.call(operation, body).await.0, 200, "{operation}");
    }
    lab.services.stop().await;
}

/// With a quota of one request a second the second of two is throttled, if it comes within that second. On a machine that
/// is too slow for that the pair is tried again.
#[tokio::test]
async fn all_who_read_share_one_quota() {
    let lab = start().await;
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
    lab.services.stop().await;
}
