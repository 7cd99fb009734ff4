//! The document's tables.

use std::collections::{BTreeMap, BTreeSet};

use protocol::limits::LIMITS;
use protocol::{CloseCode, ErrorCode};
use serde_json::{Value, json};

use crate::frames::{self, Golden};
use crate::{markdown, reflect};

const FUNCTIONS: &str = include_str!("../../../../terraform/functions.tf.json");

/// The actions that some function takes: the routes that no life of a socket, no other action and no
/// HTTP call has.
fn actions() -> BTreeSet<String> {
    let map: Value = serde_json::from_str(FUNCTIONS).unwrap();
    let functions = map["locals"]["functions"].as_object().unwrap();
    let routes = functions.values().flat_map(|function| function["routes"].as_array().unwrap());
    let routes = routes.map(|route| route.as_str().unwrap().to_owned());
    routes.filter(|route| !route.starts_with('$') && !route.contains(' ')).collect()
}

fn name(cell: &'static str) -> &'static str {
    markdown::quoted(cell).next().unwrap_or_else(|| panic!("no name in {cell}"))
}

/// A name without the mark of what may be absent.
fn bare(field: &str) -> &str {
    field.trim_end_matches('?')
}

#[test]
fn the_actions_are_the_routes() {
    let listed: BTreeSet<_> =
        markdown::table("| action |").iter().map(|row| name(row[0]).to_owned()).collect();
    assert_eq!(listed, actions());
}

#[test]
fn an_action_has_the_fields_that_are_listed() {
    let mut listed: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in markdown::table("| action |") {
        listed.entry(name(row[0])).or_default().extend(markdown::fields(row[1]));
    }
    for (action, listed) in &listed {
        let listed: BTreeSet<_> = listed.iter().copied().map(bare).collect();
        assert_eq!((frames::action(action).fields)(), listed, "{action}");
    }
    for golden in frames::goldens() {
        let Golden::Request { action, fields } = golden else { continue };
        for field in fields.keys() {
            let mut rest = fields.clone();
            rest.remove(field);
            let may_be_absent = (action.request)(Value::Object(rest)).is_ok();
            let marked = listed[action.name].contains(format!("{field}?").as_str());
            // One of the forms of getRecentMessages has to have it.
            let form = (action.name, field.as_str()) == ("getRecentMessages", "after");
            assert_eq!(may_be_absent, marked || form, "{field} of {}", action.name);
        }
    }
}

#[test]
fn a_reply_has_the_fields_that_are_listed() {
    let rows = markdown::table("| action |");
    let mut shown = BTreeSet::new();
    for golden in frames::goldens() {
        let Golden::Reply { action, frame } = golden else { continue };
        let mut fields: BTreeSet<_> =
            frame.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(fields.remove("reply") && fields.remove("ok"), "{frame}");
        let row = rows
            .iter()
            .position(|row| name(row[0]) == action.name && markdown::fields(row[2]) == fields);
        shown
            .insert(row.unwrap_or_else(|| panic!("{} is not listed with {fields:?}", action.name)));
    }
    assert_eq!(shown, (0..rows.len()).collect(), "rows of which a reply is shown");
}

#[test]
fn a_kind_has_the_fields_that_are_listed() {
    let rows = markdown::table("| `kind` |");
    let kinds = rows.iter().flat_map(|row| markdown::fields(row[0]));
    let kinds: BTreeSet<_> = kinds.map(str::to_owned).collect();
    assert_eq!(kinds, reflect::variants::<protocol::Change>(json!({ "kind": "" })));
    for change in frames::changes() {
        let kind = change["kind"].as_str().unwrap();
        let row = rows.iter().find(|row| markdown::fields(row[0]).contains(kind)).unwrap();
        let listed = markdown::fields(row[1]);
        let shown: BTreeSet<_> = change.as_object().unwrap().keys().map(String::as_str).collect();
        let may: BTreeSet<_> = listed.iter().copied().map(bare).chain(["kind", "seq"]).collect();
        assert!(shown.is_subset(&may), "{change}");
        let must: BTreeSet<_> = listed.into_iter().filter(|field| !field.ends_with('?')).collect();
        assert!(must.is_subset(&shown), "{change}");
    }
}

#[test]
fn the_events_are_listed() {
    let listed = markdown::list("## Events").into_iter().map(|item| name(item).to_owned());
    assert_eq!(
        listed.collect::<BTreeSet<_>>(),
        reflect::variants::<protocol::Event>(json!({ "event": "" }))
    );
}

#[test]
fn each_code_has_its_status_and_whether_to_try_again() {
    let code = |name: &str| serde_json::from_value::<ErrorCode>(json!(name)).unwrap();
    let rows = markdown::table("| code | HTTP |");
    let listed: BTreeMap<_, _> =
        rows.iter().map(|row| (name(row[0]).to_owned(), (row[1].to_owned(), row[2]))).collect();
    assert_eq!(listed.len(), rows.len(), "a code that is listed twice");
    let of = |code: ErrorCode| {
        let retryable = if code.retryable() { "yes" } else { "no" };
        (code.http_status().to_string(), retryable)
    };
    let known = reflect::variants::<ErrorCode>(json!(""));
    let known: BTreeMap<_, _> = known.into_iter().map(|n| (n.clone(), of(code(&n)))).collect();
    assert_eq!(listed, known);
    let all = ErrorCode::ALL.map(|code| serde_json::to_value(code).unwrap());
    let all: BTreeSet<_> = all.iter().map(|code| code.as_str().unwrap()).collect();
    assert!(known.keys().map(String::as_str).eq(all), "ErrorCode::ALL");
}

/// Single numbers, and ranges of them.
fn numbers(cell: &str) -> (BTreeSet<u16>, Vec<std::ops::RangeInclusive<u16>>) {
    let (mut singles, mut ranges) = (BTreeSet::new(), Vec::new());
    for part in cell.split(", ") {
        match part.split_once('-') {
            Some((from, to)) => ranges.push(from.parse().unwrap()..=to.parse().unwrap()),
            None => assert!(singles.insert(part.parse().unwrap()), "{part} twice"),
        }
    }
    (singles, ranges)
}

#[test]
fn the_close_codes_are_listed() {
    let codes = reflect::variants::<CloseCode>(json!(""));
    let number = |name| serde_json::from_value::<CloseCode>(json!(name)).unwrap().number();
    let codes: BTreeSet<u16> = codes.into_iter().map(number).collect();
    let (mut singles, mut ranges) = (BTreeSet::new(), Vec::new());
    for row in markdown::table("| code | from |") {
        let (these, those) = numbers(row[0]);
        singles.extend(these);
        ranges.extend(those);
    }
    assert!(singles.is_subset(&codes), "listed: {singles:?}");
    for code in codes.difference(&singles) {
        assert!(ranges.iter().any(|range| range.contains(code)), "{code} is not listed");
    }
}

#[test]
fn each_limit_has_its_number_and_its_refusal() {
    let limits = serde_json::to_value(LIMITS).unwrap();
    let rows = markdown::table("| field of `limits` |");
    let mut listed = serde_json::Map::new();
    for row in &rows {
        let number: String = row[1].chars().take_while(char::is_ascii_digit).collect();
        let twice = listed.insert(name(row[0]).to_owned(), number.parse::<u64>().unwrap().into());
        assert_eq!(twice, None, "{}", row[0]);
        if row[2].starts_with('`') {
            let code = serde_json::from_value::<ErrorCode>(json!(name(row[2])));
            assert!(code.is_ok(), "{}", row[2]);
        }
    }
    assert_eq!(Value::Object(listed), limits);
}
