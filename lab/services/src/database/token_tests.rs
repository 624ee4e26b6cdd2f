use proptest::prelude::*;

use super::*;

/// Made by another implementation: botocore 1.43.11, `generate_db_auth_token("127.0.0.1", 5432, "stadiums_reader")` with the
/// credentials of [`credentials`] and the clock at 2026-01-31T23:50:00Z.
const TOKEN: &str = "127.0.0.1:5432/?Action=connect&DBUser=stadiums_reader&X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=ASIAEXAMPLEEXAMPLE12%2F20260131%2Fus-east-1%2Frds-db%2Faws4_request&X-Amz-Date=20260131T235000Z\
    &X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=token%2Fwith%2Bsigns%3Dand-plain\
    &X-Amz-Signature=aa5040e3ca26dc8d33603dc3762cfc06a59fbf029d867333654512656fe615a4";

/// 2026-01-31T23:50:00Z
const SIGNED_AT: u64 = 1_769_903_400;

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLEEXAMPLE12".into(),
        secret_access_key: "secretEXAMPLEsecretEXAMPLEsecretEXAMPLE1".into(),
        session_token: "token/with+signs=and-plain".into(),
    }
}

fn verify_at(token: &str, now: u64) -> Result<(), TokenError> {
    let expected = Expected {
        endpoint: "127.0.0.1:5432",
        user: "stadiums_reader",
        region: "us-east-1",
        credentials: &credentials(),
    };
    verify(token, &expected, now)
}

#[test]
fn a_good_token_is_accepted_for_its_quarter_of_an_hour() {
    assert_eq!(verify_at(TOKEN, SIGNED_AT), Ok(()));
    assert_eq!(verify_at(TOKEN, SIGNED_AT + 900), Ok(()));
    assert_eq!(
        verify_at(TOKEN, SIGNED_AT + 901),
        Err(TokenError::Expired(1))
    );
    assert_eq!(verify_at(TOKEN, SIGNED_AT - 300), Ok(()));
    assert_eq!(
        verify_at(TOKEN, SIGNED_AT - 301),
        Err(TokenError::Future(301))
    );
}

#[test]
fn each_wrong_field_is_named() {
    let wrong = |from: &str, to: &str| {
        assert!(TOKEN.contains(from), "{from}");
        verify_at(&TOKEN.replacen(from, to, 1), SIGNED_AT).unwrap_err()
    };
    assert!(matches!(
        wrong("127.0.0.1:5432", "127.0.0.1:5433"),
        TokenError::Endpoint(..)
    ));
    for (field, from, to) in [
        ("Action", "Action=connect", "Action=delete"),
        ("DBUser", "DBUser=stadiums_reader", "DBUser=stadiums_admin"),
        ("X-Amz-Algorithm", "HMAC-SHA256", "HMAC-SHA1"),
        (
            "X-Amz-Credential",
            "ASIAEXAMPLEEXAMPLE12",
            "ASIAEXAMPLEEXAMPLE13",
        ),
        ("X-Amz-Credential", "us-east-1", "us-east-2"),
        ("X-Amz-Credential", "rds-db", "ssm"),
        ("X-Amz-Credential", "%2F20260131", "%2F20260130"),
        ("X-Amz-SignedHeaders", "=host", "=host%3Bdate"),
    ] {
        let error = wrong(from, to);
        assert!(
            matches!(error, TokenError::Field(name, ..) if name == field),
            "{from}: {error}"
        );
    }
    assert_eq!(wrong("and-plain", "and-other"), TokenError::Session);
    assert_eq!(
        wrong("Expires=900", "Expires=901"),
        TokenError::LifeTooLong(901)
    );
    assert_eq!(
        wrong("Expires=900", "Expires=a"),
        TokenError::Unreadable("X-Amz-Expires")
    );
    assert_eq!(
        wrong("T235000Z", "T2350Z"),
        TokenError::Unreadable("X-Amz-Date")
    );
    assert_eq!(
        wrong("&X-Amz-Signature=aa", "&X-Amz-Signature=ax"),
        TokenError::Unreadable("X-Amz-Signature")
    );
    assert_eq!(
        wrong("&DBUser=", "&DBUser=stadiums_reader&DBUser="),
        TokenError::NoToken
    );
    assert_eq!(verify_at("a password", SIGNED_AT), Err(TokenError::NoToken));
}

#[test]
fn what_is_signed_cannot_be_changed() {
    for (from, to) in [
        ("X-Amz-Signature=aa50", "X-Amz-Signature=aa51"),
        ("X-Amz-Expires=900", "X-Amz-Expires=899"),
        ("T235000Z", "T235001Z"),
        ("&X-Amz-SignedHeaders", "&Extra=1&X-Amz-SignedHeaders"),
    ] {
        let changed = TOKEN.replacen(from, to, 1);
        assert_ne!(changed, TOKEN);
        assert_eq!(
            verify_at(&changed, SIGNED_AT),
            Err(TokenError::Signature),
            "{to}"
        );
    }
    let mut other = credentials();
    other.secret_access_key = "another".into();
    let expected = Expected {
        endpoint: "127.0.0.1:5432",
        user: "stadiums_reader",
        region: "us-east-1",
        credentials: &other,
    };
    assert_eq!(
        verify(TOKEN, &expected, SIGNED_AT),
        Err(TokenError::Signature)
    );
}

proptest! {
    #[test]
    fn any_password_is_refused_without_a_panic(password: String, cut in 0..TOKEN.len()) {
        prop_assert!(verify_at(&password, SIGNED_AT).is_err());
        prop_assert!(verify_at(&TOKEN[..cut], SIGNED_AT).is_err());
        let longer = [&TOKEN[..cut], &password, &TOKEN[cut..]].concat();
        prop_assert!(verify_at(&longer, SIGNED_AT).is_err() || password.is_empty());
    }

    #[test]
    fn any_date_is_read_or_refused(date in "[0-9é]{0,9}T[0-9]{0,7}Z?") {
        let _ = seconds(&date);
        let _ = verify_at(&TOKEN.replace("20260131T235000Z", &date), SIGNED_AT);
    }
}

#[test]
fn known_dates() {
    // From `date -u -d DATE +%s`.
    assert_eq!(seconds("19700101T000000Z"), Some(0));
    assert_eq!(seconds("20000229T000000Z"), Some(951_782_400));
    assert_eq!(seconds("20260131T235000Z"), Some(SIGNED_AT));
    assert_eq!(seconds("20261331T235000Z"), None);
}
