//! The document's parts.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../../docs/protocol.md");

/// Every line of every block of JSON.
pub(crate) fn json_lines() -> impl Iterator<Item = &'static str> {
    let blocks = DOCUMENT.split("\n```json\n").skip(1);
    blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines())
}

/// The cells of the one table whose header begins so, row by row.
pub(crate) fn table(header: &str) -> Vec<Vec<&'static str>> {
    let mut tables = DOCUMENT.split("\n\n").filter(|part| part.starts_with(header));
    let table = tables.next().unwrap_or_else(|| panic!("no table begins with {header}"));
    assert_eq!(tables.next(), None, "tables that begin with {header}");
    let rows = table.lines().skip(2).map(|row| row.trim().trim_matches('|'));
    rows.map(|row| row.split('|').map(str::trim).collect()).collect()
}

/// The items of the list that a heading begins with.
pub(crate) fn list(heading: &str) -> Vec<&'static str> {
    let (_, part) = DOCUMENT.split_once(&format!("\n{heading}\n\n- ")).expect("a list");
    part.split("\n\n").next().unwrap_or_default().split("\n- ").collect()
}

/// What stands in backticks.
pub(crate) fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The fields that a cell lists. What a field is made of is passed over.
pub(crate) fn fields(cell: &str) -> BTreeSet<&str> {
    let mut depth = 0_i32;
    let lists = quoted(cell).flat_map(|list| {
        list.split(|c| {
            depth += i32::from(c == '{' || c == '[') - i32::from(c == '}' || c == ']');
            c == ',' && depth == 0
        })
        .collect::<Vec<_>>()
    });
    lists.map(|field| field.split(':').next().unwrap_or_default().trim()).collect()
}

#[test]
fn the_fields_of_a_cell() {
    let cell = "`a, b?` (1-100), `c:{ROOM:{x, y}}, d:[{e, f}]`: all of them, `g`";
    assert_eq!(fields(cell), BTreeSet::from(["a", "b?", "c", "d", "g"]));
    assert_eq!(fields(""), BTreeSet::new());
}
