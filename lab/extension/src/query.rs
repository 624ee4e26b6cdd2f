//! What a function asks for: the query of a request's URL.

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// The name, with the version or label after a colon.
    pub name: String,
    /// Whether a secret is to be decrypted.
    pub with_decryption: bool,
}

impl Query {
    /// Reads what follows the question mark; the error says what is wrong with it.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut name = None;
        let mut selector = None;
        let mut with_decryption = false;
        for field in query.split('&').filter(|field| !field.is_empty()) {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            let value = decode(value)
                .ok_or_else(|| format!("the query parameter {key} is not URL-encoded properly"))?;
            match key {
                "name" => name = Some(value),
                // Of a version and a label the first counts.
                "version" | "label" => selector = selector.or(Some(value)),
                "withDecryption" => with_decryption = value == "true",
                _ => {}
            }
        }
        let name = name
            .filter(|name| !name.is_empty())
            .ok_or("the query parameter name is missing")?;
        let name = selector.map_or(name.clone(), |selector| format!("{name}:{selector}"));
        Ok(Self {
            name,
            with_decryption,
        })
    }
}

/// Undoes URL encoding.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query: String, almost in "(name|version)=(%[0-9a-fA-Fg]{0,2}){0,3}&?") {
            let _ = (Query::parse(&query), Query::parse(&almost));
        }
    }

    #[test]
    fn a_name_is_decoded_and_its_first_selector_counts() {
        let query = Query::parse(
            "name=%2Fstadiums%2Fdatabase%2Fport&version=2&label=old&withDecryption=true",
        )
        .unwrap();
        assert_eq!(
            query,
            Query {
                name: "/stadiums/database/port:2".into(),
                with_decryption: true
            }
        );
        let query = Query::parse("label=old&version=2&name=%2Fa&withDecryption=false").unwrap();
        assert_eq!(
            query,
            Query {
                name: "/a:old".into(),
                with_decryption: false
            }
        );
        assert!(Query::parse("").is_err());
        assert!(Query::parse("name=").is_err());
        assert!(Query::parse("name=%2").is_err());
    }
}
