//! Starting and stopping.

mod common;

use lab_services::TrustAnchors;

#[tokio::test]
async fn everything_starts_and_nothing_is_left() {
    let lab = common::start().await;
    println!("{:?}", lab.services.database().endpoint());
    let rows = lab.services.database().query("SELECT current_database()").await.unwrap();
    assert_eq!(rows, [[Some("stadiums".to_owned())]]);
    lab.services.cache().set("a", b"1").await.unwrap();
    assert_eq!(lab.services.cache().get("a").await.unwrap().as_deref(), Some(&b"1"[..]));
    println!("{}", std::fs::read_to_string(lab.trust_file(TrustAnchors::Platform)).unwrap().matches("BEGIN CERT").count());
    for c in lab_services::measure_delays(&[0.0, 0.3,0.5,1.0,8.0].map(|x| std::time::Duration::from_secs_f64(x/1e3))).unwrap() { println!("{c:?}"); }
    lab.services.stop().await;
}
