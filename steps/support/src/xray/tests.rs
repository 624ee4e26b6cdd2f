use super::*;

const SAMPLED: &str =
    "Root=1-65540000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0";

#[test]
fn golden_document() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut trace = Trace::sampled(SAMPLED, &daemon).expect("sampled");
    trace.start = 1_700_000_000.25;
    trace.phases = vec![
        Phase {
            name: "query",
            start: 1_700_000_000.5,
            end: 1_700_000_000.625,
            fault: true,
        },
        Phase {
            name: "encode",
            start: 1_700_000_000.75,
            end: 1_700_000_000.875,
            fault: false,
        },
    ];
    let mut ids = 0;
    let document = trace.document(1_700_000_001.0, false, || {
        ids += 1;
        format!("{ids:016x}")
    });
    assert_eq!(
        document.unwrap(),
        concat!(
            "{\"format\":\"json\",\"version\":1}\n",
            r#"{"name":"handler","id":"0000000000000001","start_time":1700000000.25,"end_time":1700000001.0,"#,
            r#""type":"subsegment","trace_id":"1-65540000-0123456789abcdef01234567","#,
            r#""parent_id":"53995c3f42cd8ad8","subsegments":["#,
            r#"{"name":"query","id":"0000000000000002","start_time":1700000000.5,"end_time":1700000000.625,"#,
            r#""fault":true},"#,
            r#"{"name":"encode","id":"0000000000000003","start_time":1700000000.75,"end_time":1700000000.875}]}"#,
        )
    );
}

#[test]
fn only_a_whole_header_that_says_so_is_sampled() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sampled = |header| Trace::sampled(header, &daemon).is_some();
    assert!(sampled(SAMPLED));
    assert!(!sampled(
        "Root=1-65540000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0"
    ));
    assert!(!sampled(
        "Root=1-65540000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8"
    ));
    assert!(!sampled("Sampled=1"));
    assert!(!sampled(""));
}
