use super::*;
use proptest::prelude::*;

fn response(payload: &str) -> HttpResponse {
    http_response(payload.as_bytes()).unwrap()
}

fn refused(payload: &str) -> String {
    http_response(payload.as_bytes()).unwrap_err()
}

#[test]
fn a_response_keeps_status_headers_and_body() {
    let response = response(r#"{"statusCode":405,"headers":{"Allow":"GET"},"body":"{}"}"#);
    assert_eq!((response.status, &*response.text()), (405, "{}"));
    assert_eq!(response.headers["allow"], "GET");
}

#[test]
fn anything_else_is_the_body() {
    for (payload, body) in [
        ("[1,2]", "[1,2]"),
        (r#""text""#, "text"),
        (r#"{"a":null}"#, r#"{"a":null}"#),
        (r#"{"statusCode":null}"#, r#"{"statusCode":null}"#),
    ] {
        let response = response(payload);
        assert_eq!((response.status, &*response.text()), (200, body));
        assert_eq!(response.headers["content-type"], "application/json");
    }
}

#[test]
fn null_is_absent() {
    let response = response(
        r#"{"statusCode":200,"headers":null,"multiValueHeaders":null,"cookies":null,"body":"hi","isBase64Encoded":null}"#,
    );
    let wanted = HttpResponse {
        status: 200,
        body: "hi".into(),
        ..HttpResponse::default()
    };
    assert_eq!(response, wanted);
    let response = super::http_response(
        br#"{"statusCode":204,"headers":{"a":null,"b":"c"},"cookies":[null,"d=1"],"body":null}"#,
    )
    .unwrap();
    assert_eq!(response.headers, [("b".to_owned(), "c".to_owned())].into());
    assert_eq!(
        (response.cookies, response.body.len()),
        (vec!["d=1".to_owned()], 0)
    );
}

#[test]
fn scalars_are_taken_for_strings() {
    let response = response(
        r#"{"statusCode":"201","headers":{"x-count":7,"x-cached":true},"body":3.5,"isBase64Encoded":"false"}"#,
    );
    assert_eq!((response.status, &*response.text()), (201, "3.5"));
    assert_eq!(response.headers["x-count"], "7");
    assert_eq!(response.headers["x-cached"], "true");
}

#[test]
fn each_cookie_is_a_header_of_its_own() {
    let response = response(
        r#"{"statusCode":200,"headers":{"Set-Cookie":"c=3"},"cookies":["a=1; Path=/","b=2"]}"#,
    );
    assert_eq!(response.cookies, ["a=1; Path=/", "b=2", "c=3"]);
    assert!(response.headers.is_empty());
}

#[test]
fn what_is_base64_is_decoded() {
    for body in ["H4sIAA==", "H4sIAA"] {
        let payload = format!(r#"{{"statusCode":200,"body":"{body}","isBase64Encoded":true}}"#);
        assert_eq!(&*response(&payload).body, [0x1f, 0x8b, 8, 0]);
    }
    let empty = response(r#"{"statusCode":204,"isBase64Encoded":true}"#);
    assert!(empty.body.is_empty());
}

#[test]
fn what_is_refused_is_told_with_its_reason() {
    assert!(refused("not json").contains("no JSON"));
    for (field, reason) in [
        (r#""statusCode":"x""#, r#"statusCode is "x" and must be"#),
        (r#""statusCode":99"#, "statusCode is 99 and must be"),
        (r#""statusCode":200.5"#, "statusCode is 200.5 and must be"),
        (
            r#""statusCode":200,"headers":["a"]"#,
            r#"headers is ["a"] and must be"#,
        ),
        (
            r#""statusCode":200,"headers":{"a":[1]}"#,
            "a is [1] and must be a string",
        ),
        (
            r#""statusCode":200,"cookies":"a=1""#,
            r#"cookies is "a=1" and must be"#,
        ),
        (
            r#""statusCode":200,"body":{"a":1}"#,
            r#"body is {"a":1} and must be a string"#,
        ),
        (
            r#""statusCode":200,"isBase64Encoded":7"#,
            "isBase64Encoded is 7 and must be",
        ),
        (
            r#""statusCode":200,"isBase64Encoded":true,"body":"!""#,
            "isBase64Encoded is true, and body is no base64",
        ),
    ] {
        let told = refused(&format!("{{{field}}}"));
        assert!(told.contains(reason), "{told}");
    }
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic(payload: Vec<u8>) {
        let _ = http_response(&payload);
    }

    #[test]
    fn every_body_comes_through(status in 100_u16..600, body: String) {
        let payload = serde_json::json!({"statusCode": status, "body": body}).to_string();
        let response = http_response(payload.as_bytes()).unwrap();
        prop_assert_eq!((response.status, response.body), (status, Bytes::from(body)));
    }

    #[test]
    fn every_binary_body_comes_through(body: Vec<u8>) {
        let encoded = BASE64.encode(&body);
        let payload = serde_json::json!({"statusCode": 200, "body": encoded, "isBase64Encoded": true}).to_string();
        prop_assert_eq!(http_response(payload.as_bytes()).unwrap().body, Bytes::from(body));
    }
}
