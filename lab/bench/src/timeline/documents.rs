//! The X-Ray documents of one invocation: an SDK may send one with everything in it, or many, and one of them more than once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the documents of one trace come to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Documents {
    /// The one that all others lie in, if there is one.
    pub handler: Option<Value>,
    /// What lies directly in it; without it all that lies in no other.
    pub phases: Vec<Value>,
}

/// Puts together what came. A document without an end is a promise of one: it is replaced by that, or left out.
pub(super) fn assembled(received: Vec<Value>) -> Documents {
    let mut by_id: BTreeMap<String, Value> = BTreeMap::new();
    for document in received {
        let id = document["id"].as_str().unwrap_or_default().to_owned();
        if document["end_time"].is_number() {
            by_id.insert(id, document);
        }
    }
    let mut known = BTreeSet::new();
    for document in by_id.values() {
        collect_ids(document, &mut known);
    }
    let parent = |document: &Value| document["parent_id"].as_str().map(str::to_owned);
    let lies_in_another =
        |document: &&Value| parent(document).is_some_and(|parent| known.contains(&parent));
    let mut outermost = by_id.values().filter(|it| !lies_in_another(it));
    match (outermost.next(), outermost.next()) {
        (None, _) => Documents::default(),
        (Some(handler), None) => {
            let inside = handler["subsegments"].as_array().cloned();
            let id = handler["id"].as_str();
            let beside = by_id.values().filter(|it| it["parent_id"].as_str() == id);
            Documents {
                phases: inside
                    .unwrap_or_default()
                    .into_iter()
                    .chain(beside.cloned())
                    .collect(),
                handler: Some(handler.clone()),
            }
        }
        (Some(_), Some(_)) => Documents {
            handler: None,
            phases: by_id
                .values()
                .filter(|it| !lies_in_another(it))
                .cloned()
                .collect(),
        },
    }
}

/// The ids of a document and of all that is in it.
fn collect_ids(document: &Value, ids: &mut BTreeSet<String>) {
    ids.extend(document["id"].as_str().map(str::to_owned));
    for inside in document["subsegments"].as_array().into_iter().flatten() {
        collect_ids(inside, ids);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(documents: &Documents) -> (Option<&str>, Vec<&str>) {
        let handler = documents.handler.as_ref();
        (
            handler.and_then(|it| it["name"].as_str()),
            documents
                .phases
                .iter()
                .filter_map(|it| it["name"].as_str())
                .collect(),
        )
    }

    #[test]
    fn one_document_has_its_phases_in_it() {
        let one = json!({"id": "a", "parent_id": "facade", "name": "handler", "end_time": 2.0,
                         "subsegments": [{"id": "b", "name": "query", "end_time": 1.5}]});
        let documents = assembled(vec![one]);
        assert_eq!(names(&documents), (Some("handler"), vec!["query"]));
    }

    #[test]
    fn parts_in_datagrams_of_their_own_are_put_into_their_parent() {
        let documents = assembled(vec![
            json!({"id": "b", "parent_id": "a", "name": "query", "end_time": 1.5}),
            json!({"id": "a", "parent_id": "facade", "name": "handler", "in_progress": true}),
            json!({"id": "c", "parent_id": "b", "name": "deeper", "end_time": 1.4}),
            json!({"id": "a", "parent_id": "facade", "name": "handler", "end_time": 2.0}),
        ]);
        assert_eq!(names(&documents), (Some("handler"), vec!["query"]));
    }

    #[test]
    fn documents_beside_each_other_are_no_handler() {
        let documents = assembled(vec![
            json!({"id": "a", "parent_id": "facade", "name": "one", "end_time": 2.0}),
            json!({"id": "b", "parent_id": "facade", "name": "two", "end_time": 3.0}),
        ]);
        assert_eq!(names(&documents), (None, vec!["one", "two"]));
        assert_eq!(assembled(Vec::new()), Documents::default());
    }
}
