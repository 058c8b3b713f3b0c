//! The table of releases that were made, built and tested: runs bring rows, and what
//! they did not cover stays as it is.

use std::collections::BTreeMap;

use semver::Version;

use super::super::text::markdown;

/// What a run saw of one release: cells by the names of their columns.
pub type TestedRelease = BTreeMap<String, String>;

/// The column that says which release a row is of.
const KEY: &str = "release";
/// What a cell has that no run covered.
const NOT_RUN: &str = "not run";
/// The most characters of a cell: what failed may have a long message.
const MAX_CELL: usize = 200;

/// Reads what a run saw: a JSON object on each line, with strings.
///
/// # Errors
///
/// Where a line is something else; the message says which.
pub fn parse_tested(text: &str) -> Result<Vec<TestedRelease>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let parse = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| format!("line {}: {e}", at + 1))
    };
    lines.map(parse).collect()
}

/// Returns a table with the cells of tested releases in it, in ascending order. The head of
/// the old table says which columns there are.
///
/// # Errors
///
/// Where the old text is not such a table, or a tested release does not fit into it.
pub fn tested_table(old: &str, tested: &[TestedRelease]) -> Result<String, String> {
    let mut lines = old.lines().map(str::trim).filter(|line| !line.is_empty());
    let (head, rule) = (lines.next().unwrap_or_default(), lines.next());
    let columns = cells(head);
    if columns.first().is_none_or(|first| first != KEY) || rule.is_none() {
        return Err(format!(
            "it begins with no table: write its head and the rule below it, `| {KEY} | …`"
        ));
    }
    let mut rows: BTreeMap<Version, Vec<String>> = BTreeMap::new();
    for line in lines {
        let cells = cells(line);
        let release = version(cells.first())?;
        if cells.len() != columns.len() || rows.insert(release.clone(), cells).is_some() {
            return Err(format!(
                "the row of {release} is there twice, or has not {} cells",
                columns.len()
            ));
        }
    }
    for release in tested {
        let version = version(release.get(KEY))?;
        let fresh = || vec![NOT_RUN.to_owned(); columns.len()];
        let row = rows.entry(version).or_insert_with(fresh);
        for (name, text) in release {
            let column = columns.iter().position(|column| column == name);
            let at = column.ok_or_else(|| {
                format!("no column is `{name}`; there are: {}", columns.join(", "))
            })?;
            row[at] = cell(text);
        }
    }
    let rule = rule.unwrap_or_default();
    let rows = rows
        .values()
        .map(|row| format!("| {} |\n", row.join(" | ")));
    Ok(format!("{head}\n{rule}\n{}", rows.collect::<String>()))
}

/// Splits a row of a table into its cells, as they are written.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim_matches('|');
    let mut cells = vec![String::new()];
    for part in inner.split_inclusive('|') {
        let last = cells.len() - 1;
        match part.strip_suffix('|').filter(|text| !text.ends_with('\\')) {
            Some(text) => {
                cells[last].push_str(text);
                cells.push(String::new());
            }
            None => cells[last].push_str(part),
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn version(text: Option<&String>) -> Result<Version, String> {
    let text = text.map_or("", String::as_str);
    Version::parse(text)
        .map_err(|_| format!("`{text}` is not the version of a release, such as 41.0.0"))
}

fn cell(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some((at, _)) = text.char_indices().nth(MAX_CELL) {
        text.truncate(at);
        text.push('…');
    }
    markdown(&text).replace('|', r"\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "\n| release | builds | own tests |\n| --- | --- | --- |\n\
                       | 9.0.0 | yes | 12, a \\| b |\n| 41.0.0 | yes | 13 |\n\n";

    fn tested(lines: &str) -> Result<String, String> {
        tested_table(OLD, &parse_tested(lines)?)
    }

    #[test]
    fn a_run_changes_its_own_cells_alone() {
        let table = tested(
            "{\"release\":\"41.0.0\",\"own tests\":\"14\"}\n\
             {\"release\":\"10.0.0\",\"builds\":\"failed: a|b\\n<!-- x\"}\n",
        );
        insta::assert_snapshot!(table.unwrap(), @r"
        | release | builds | own tests |
        | --- | --- | --- |
        | 9.0.0 | yes | 12, a \| b |
        | 10.0.0 | failed: a\|b &lt;!-- x | not run |
        | 41.0.0 | yes | 14 |
        ");
        assert_eq!(
            tested("").unwrap(),
            OLD.trim_start().trim_end_matches("\n\n").to_owned() + "\n"
        );
    }

    #[test]
    fn a_long_message_is_cut() {
        let long = "é".repeat(MAX_CELL + 1);
        let table = tested(&format!("{{\"release\":\"9.0.0\",\"builds\":\"{long}\"}}"));
        let cut = format!("| {}… |", "é".repeat(MAX_CELL));
        assert!(table.unwrap().contains(&cut));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (lines, says) in [
            ("\n{", "line 2: EOF"),
            ("{\"release\":1}", "line 1: invalid type"),
            ("{\"builds\":\"yes\"}", "`` is not the version"),
            ("{\"release\":\"45\"}", "`45` is not the version"),
            (
                "{\"release\":\"9.0.0\",\"x\":\"\"}",
                "no column is `x`; there are: release, builds, own tests",
            ),
        ] {
            let error = tested(lines).unwrap_err();
            assert!(error.contains(says), "{lines}: {error}");
        }
        for old in [
            "",
            "| builds |\n| --- |\n",
            "| release |\n",
            "| release | a |\n| --- | --- |\n| 1.0.0 |\n",
            "| release |\n| --- |\n| 1.0.0 |\n| 1.0.0 |\n",
            "| release |\n| --- |\ntext\n",
        ] {
            tested_table(old, &[]).unwrap_err();
        }
    }
}
