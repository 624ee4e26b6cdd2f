use super::*;
use expect_test::expect;

fn event_of(request: HttpRequest) -> Value {
    serde_json::from_slice(&request.event()).unwrap()
}

fn with_headers<'a>(mut request: HttpRequest<'a>, headers: &[(&str, &str)]) -> HttpRequest<'a> {
    for (name, value) in headers {
        request
            .headers
            .insert((*name).to_owned(), (*value).to_owned());
    }
    request
}

/// Takes a field out of the event.
fn taken(event: &mut Value, pointer: &str) -> String {
    let field = event.pointer_mut(pointer).unwrap();
    let value = std::mem::replace(field, "taken".into());
    value.as_str().map_or(value.to_string(), str::to_owned)
}

/// `0` for each digit, `a` for each letter.
fn shape(text: &str) -> String {
    let shape = text.chars().map(|character| match character {
        '0'..='9' => '0',
        'a'..='z' | 'A'..='Z' => 'a',
        other => other,
    });
    shape.collect()
}

#[test]
fn a_request_comes_through_as_api_gateway_sends_it() {
    let request = HttpRequest {
        query: "team=San%20Francisco&team=b&q=&plus=a+b",
        body: b"{}",
        ..HttpRequest::new("POST", "/a%20b/c%2Fd%C3%A9+e")
    };
    let mut event = event_of(with_headers(
        request,
        &[
            ("cookie", "a=1; b=2"),
            ("content-type", "application/json; charset=utf-8"),
        ],
    ));
    let time = taken(&mut event, "/requestContext/time");
    assert_eq!(shape(&time), "00/aaa/0000:00:00:00 +0000");
    let epoch = taken(&mut event, "/requestContext/timeEpoch");
    assert_eq!(shape(&epoch), "0".repeat(13));
    let id = taken(&mut event, "/requestContext/requestId");
    assert_eq!((id.len(), id.find('=')), (16, Some(15)), "{id}");
    let trace = taken(&mut event, "/headers/x-amzn-trace-id");
    let root = trace.strip_prefix("Root=1-").unwrap();
    assert_eq!((root.len(), root.find('-')), (8 + 1 + 24, Some(8)));
    expect![[r#"
        {
          "body": "{}",
          "cookies": [
            "a=1",
            "b=2"
          ],
          "headers": {
            "accept": "*/*",
            "content-length": "2",
            "content-type": "application/json; charset=utf-8",
            "host": "lab.execute-api.us-east-1.amazonaws.com",
            "user-agent": "lambda-lab",
            "x-amzn-trace-id": "taken",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
          },
          "isBase64Encoded": false,
          "queryStringParameters": {
            "plus": "a b",
            "q": "",
            "team": "San Francisco,b"
          },
          "rawPath": "/a b/c/dé+e",
          "rawQueryString": "team=San%20Francisco&team=b&q=&plus=a+b",
          "requestContext": {
            "accountId": "123456789012",
            "apiId": "lab",
            "domainName": "lab.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "lab",
            "http": {
              "method": "POST",
              "path": "/a b/c/dé+e",
              "protocol": "HTTP/1.1",
              "sourceIp": "127.0.0.1",
              "userAgent": "lambda-lab"
            },
            "requestId": "taken",
            "routeKey": "$default",
            "stage": "$default",
            "time": "taken",
            "timeEpoch": "taken"
          },
          "routeKey": "$default",
          "version": "2.0"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&event).unwrap());
}

#[test]
fn what_is_empty_is_left_out() {
    let event = event_of(HttpRequest::new("GET", "/"));
    assert_eq!(event["routeKey"], "GET /");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["headers"]["content-length"], "0");
    for absent in ["body", "cookies", "queryStringParameters"] {
        assert!(event.get(absent).is_none(), "{event}");
    }
}

#[test]
fn each_request_has_its_own_id_and_the_trace_of_its_client() {
    let id = |event: &Value| event["requestContext"]["requestId"].clone();
    let request = HttpRequest::new("GET", "/");
    let (one, two) = (event_of(request.clone()), event_of(request.clone()));
    assert_ne!(id(&one), id(&two));
    let trace = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad";
    let event = event_of(with_headers(request, &[("x-amzn-trace-id", trace)]));
    assert_eq!(event["headers"]["x-amzn-trace-id"], trace);
}

#[test]
fn only_text_is_carried_as_text() {
    let carried = |content_type: &str, body: &[u8]| {
        let request = HttpRequest {
            body,
            ..HttpRequest::new("POST", "/")
        };
        let event = event_of(with_headers(request, &[("content-type", content_type)]));
        let body = event["body"].as_str().unwrap().to_owned();
        (event["isBase64Encoded"].as_bool().unwrap(), body)
    };
    for text in [
        "text/plain",
        "text/csv; charset=utf-8",
        "Application/JSON;charset=utf-8",
        "application/xml",
        "application/javascript",
    ] {
        assert_eq!(carried(text, b"a=1"), (false, "a=1".to_owned()), "{text}");
    }
    for other in [
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/octet-stream",
        "image/png",
        "application/vnd.api+json",
    ] {
        assert_eq!(carried(other, b"a=1"), (true, "YT0x".to_owned()), "{other}");
    }
    assert_eq!(carried("text/plain", &[0xff]), (true, "/w==".to_owned()));
    let gzip = [0x1f, 0x8b, 8, 0];
    assert_eq!(
        carried("application/json", &gzip),
        (true, "H4sIAA==".to_owned())
    );
}

/// What other languages' event types cannot do without: `aws_lambda_powertools.utilities.parser` (Python),
/// `@aws-lambda-powertools/parser` (TypeScript) and `AWSLambdaEvents` (Swift).
#[test]
fn event_types_of_other_languages_find_what_they_require() {
    let event = event_of(HttpRequest::new("GET", "/"));
    for text in [
        "/version",
        "/routeKey",
        "/rawPath",
        "/rawQueryString",
        "/requestContext/accountId",
        "/requestContext/apiId",
        "/requestContext/domainName",
        "/requestContext/domainPrefix",
        "/requestContext/http/method",
        "/requestContext/http/path",
        "/requestContext/http/protocol",
        "/requestContext/http/sourceIp",
        "/requestContext/http/userAgent",
        "/requestContext/requestId",
        "/requestContext/routeKey",
        "/requestContext/stage",
        "/requestContext/time",
    ] {
        assert!(event.pointer(text).is_some_and(Value::is_string), "{text}");
    }
    assert!(event["requestContext"]["timeEpoch"].is_u64());
    assert!(event["isBase64Encoded"].is_boolean());
    let headers = event["headers"].as_object().unwrap();
    assert!(headers.values().all(Value::is_string));
}

#[test]
fn the_month_is_a_word() {
    let time = OffsetDateTime::from_unix_timestamp(1_583_953_438).unwrap();
    assert_eq!(in_log_format(time), "11/Mar/2020:19:03:58 +0000");
}
