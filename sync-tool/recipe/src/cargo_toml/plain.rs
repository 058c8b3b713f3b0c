//! TOML values of the few shapes that the tables of a crate's manifest have.

use serde::Serialize;
use toml_edit::{Array, Item, Value};

use crate::reader::{Reader, Section};

/// Lines longer than this are broken at their list.
const WIDTH: usize = 100;

/// A value without places and formatting, so that two texts can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Plain {
    Text(String),
    List(Vec<String>),
    Flag(bool),
    Number(i64),
}

impl Plain {
    /// The shapes, as they are named in messages.
    const SHAPES: &str = "a string, a list of strings, true, false or a whole number";

    /// Reads a value of any of the shapes.
    pub(super) fn read(reader: &mut Reader, section: &Section<'_>, key: &str) -> Option<Plain> {
        reader.read(section, key, Plain::SHAPES, Plain::of)
    }

    /// Returns an item's value if it has one of the shapes.
    pub(super) fn of(item: &Item) -> Option<Plain> {
        match item.as_value()? {
            Value::String(text) => Some(Plain::Text(text.value().clone())),
            Value::Boolean(flag) => Some(Plain::Flag(*flag.value())),
            Value::Integer(number) => Some(Plain::Number(*number.value())),
            Value::Array(array) => {
                let texts = array.iter().map(|value| value.as_str().map(str::to_owned));
                Some(Plain::List(texts.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    /// Returns the value for a document, `key` being where it will stand.
    pub(super) fn to_value(&self, key: &str) -> Value {
        match self {
            Plain::Text(text) => text.into(),
            Plain::Flag(flag) => (*flag).into(),
            Plain::Number(number) => (*number).into(),
            Plain::List(texts) => broken_if_long(key, |style| Value::Array(array(texts, style))),
        }
    }
}

/// How a list is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// On one line.
    Flat,
    /// An entry a line.
    Broken,
}

/// Makes a value flat, or broken where `key = value` would be too long a line.
pub(super) fn broken_if_long(key: &str, make: impl Fn(Style) -> Value) -> Value {
    let flat = make(Style::Flat);
    let line = format!("{key} = {}", flat.to_string().trim());
    if line.chars().count() <= WIDTH {
        flat
    } else {
        make(Style::Broken)
    }
}

/// Makes a list of strings.
pub(super) fn array(texts: &[String], style: Style) -> Array {
    let mut array: Array = texts.iter().collect();
    if style == Style::Broken {
        array
            .iter_mut()
            .for_each(|value| value.decor_mut().set_prefix("\n    "));
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    array
}
