//! What a function asks for: the query of a request's URL.

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
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
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
        let name =
            selector.map_or_else(|| name.to_string(), |selector| format!("{name}:{selector}"));
        Ok(Self {
            name,
            with_decryption,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
