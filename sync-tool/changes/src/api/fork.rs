//! The fork's own code as names and paths. What patches add need not be balanced, so that
//! nothing here depends on brackets that match.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use proc_macro2::{TokenStream, TokenTree};
use recipe::merge::MAX_SIZE;

/// One of the fork's own texts of Rust.
#[derive(Debug, Clone)]
pub struct ForkText {
    /// Where it is in the project: what a report names.
    pub path: String,
    /// Where the code is in the crate, such as `src/ctx.rs` for a patch of it.
    pub crate_path: String,
    /// The code; line numbers are counted in here.
    pub code: String,
}

impl ForkText {
    /// Returns what a patch adds, each line at its place in the patch.
    pub fn of_patch(path: &str, crate_path: &str, patch: &str) -> ForkText {
        let added = patch.lines().map(|line| match line.strip_prefix('+') {
            Some(line) if !line.starts_with("++ ") => line,
            _ => "",
        });
        let added: Vec<&str> = added.collect();
        ForkText {
            path: path.to_owned(),
            crate_path: crate_path.to_owned(),
            code: added.join("\n"),
        }
    }
}

/// The fork's code, read once for any number of comparisons.
#[derive(Debug)]
pub struct ForkCode {
    pub(super) files: Vec<ForkFile>,
    /// The names by which the crate is known outside of it.
    pub(super) crate_names: Vec<String>,
    /// Every name that the fork declares itself.
    pub(super) declared: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct ForkFile {
    pub(super) path: String,
    pub(super) crate_path: String,
    /// The module that it is, below the crate; `None` outside of `src`.
    pub(super) module: Option<Vec<String>>,
    /// What imports call things, and what they are.
    pub(super) imports: BTreeMap<String, Vec<String>>,
    /// The modules of which all is imported.
    pub(super) globs: Vec<Vec<String>>,
    pub(super) declared: BTreeSet<String>,
    pub(super) uses: Vec<PathUse>,
}

/// A path in code, or a name behind a dot.
#[derive(Debug)]
pub(super) struct PathUse {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
    pub(super) form: Form,
    /// What stands behind it on its line, or what decides what it is.
    pub(super) behind: Behind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// From its first name on.
    Path,
    /// Behind `.`, or behind a path that is not known.
    Member,
}

/// What a path is used for, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    Other,
    /// `=>` follows on the line: a pattern.
    Pattern,
    /// `for` follows: a trait that is implemented.
    Implemented,
    /// A brace follows: fields of a value.
    Fields,
}

#[derive(Debug)]
enum Token {
    Name(String, usize),
    Sign(char, usize),
}

/// How many tokens behind a path are looked at for what it is used for.
const MAX_BEHIND: usize = 64;

/// Brackets are replaced by signs that Rust has no use for, or little.
const OPEN: char = '~';
const CLOSE: char = '$';

impl ForkCode {
    /// Reads the fork's texts; `crate_names` are upstream's name for the crate and the
    /// fork's, as in code.
    pub fn of(texts: &[ForkText], crate_names: &[&str]) -> ForkCode {
        // The lexer keeps each text for as long as its thread lives.
        let read = || texts.iter().map(ForkFile::of).collect::<Vec<_>>();
        let files = thread::scope(|scope| scope.spawn(read).join()).unwrap_or_default();
        let declared = files.iter().flat_map(|file| file.declared.iter().cloned());
        ForkCode {
            declared: declared.collect(),
            files,
            crate_names: crate_names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

impl ForkFile {
    fn of(text: &ForkText) -> Self {
        let mut file = ForkFile {
            path: text.path.clone(),
            crate_path: text.crate_path.clone(),
            module: module_of(&text.crate_path),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            declared: BTreeSet::new(),
            uses: Vec::new(),
        };
        if text.code.len() <= MAX_SIZE {
            file.read(&tokens(&text.code));
        }
        file
    }

    fn read(&mut self, tokens: &[Token]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let Token::Name(name, line) = token else {
                at += 1;
                continue;
            };
            match name.as_str() {
                "use" => {
                    at = self.import(tokens, at + 1, &[], 0);
                    continue;
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "mod"
                | "union" => {
                    if let Some(Token::Name(name, _)) = tokens.get(at + 1) {
                        self.declared.insert(name.clone());
                        at += 2;
                        continue;
                    }
                }
                _ => {}
            }
            let (names, end) = path(tokens, at);
            let form = match at.checked_sub(1).map(|before| &tokens[before]) {
                Some(Token::Sign('.', _)) if !is_sign(tokens, at.wrapping_sub(2), '.') => {
                    Form::Member
                }
                Some(Token::Sign(':', _)) if is_sign(tokens, at.wrapping_sub(2), ':') => {
                    Form::Member
                }
                _ => Form::Path,
            };
            let behind = behind(tokens, at, end);
            self.uses.push(PathUse {
                names,
                line: *line,
                form,
                behind,
            });
            at = end;
        }
    }

    /// Reads what follows `use`, or a path in there, and returns where it ends.
    fn import(&mut self, tokens: &[Token], at: usize, above: &[String], depth: usize) -> usize {
        let mut at = at;
        while is_sign(tokens, at, ':') {
            at += 1;
        }
        let (names, mut end) = path(tokens, at);
        let full: Vec<String> = [above, &names[..]].concat();
        let line = match tokens.get(at) {
            Some(Token::Name(_, line) | Token::Sign(_, line)) => *line,
            None => return at,
        };
        let goes_on = is_sign(tokens, end, ':') && is_sign(tokens, end + 1, ':');
        let group = if goes_on { end + 2 } else { end };
        if is_sign(tokens, group, '*') {
            self.globs.push(full);
            return group + 1;
        }
        if is_sign(tokens, group, OPEN) && depth < 64 {
            end = group + 1;
            while end < tokens.len() && !is_sign(tokens, end, CLOSE) && !is_sign(tokens, end, ';') {
                let next = self.import(tokens, end, &full, depth + 1);
                end = next.max(end + 1);
                while is_sign(tokens, end, ',') {
                    end += 1;
                }
            }
            return end + 1;
        }
        let mut full = full;
        if full.len() > 1 && full.last().is_some_and(|last| last == "self") {
            full.pop();
        }
        let mut name = full.last().cloned().unwrap_or_default();
        if let (Some(Token::Name(word, _)), Some(Token::Name(renamed, _))) =
            (tokens.get(end), tokens.get(end + 1))
            && word == "as"
        {
            name.clone_from(renamed);
            end += 2;
        }
        self.imports.insert(name, full.clone());
        let (form, behind) = (Form::Path, Behind::Other);
        self.uses.push(PathUse {
            names: full,
            line,
            form,
            behind,
        });
        end
    }
}

/// Returns the path that begins at a name, and where it ends.
fn path(tokens: &[Token], at: usize) -> (Vec<String>, usize) {
    let (mut names, mut at) = (Vec::new(), at);
    while let Some(Token::Name(name, _)) = tokens.get(at) {
        names.push(name.clone());
        at += 1;
        let goes_on = is_sign(tokens, at, ':') && is_sign(tokens, at + 1, ':');
        match tokens.get(at + 2) {
            Some(Token::Name(..)) if goes_on => at += 2,
            _ => break,
        }
    }
    (names, at)
}

fn behind(tokens: &[Token], start: usize, end: usize) -> Behind {
    let line_of = |token: &Token| match token {
        Token::Name(_, line) | Token::Sign(_, line) => *line,
    };
    let before = start.checked_sub(1).map(|before| &tokens[before]);
    let line = line_of(&tokens[start]);
    let rest = tokens[end..]
        .iter()
        .take(MAX_BEHIND)
        .take_while(|token| line_of(token) == line);
    if let Some(Token::Sign(OPEN, _)) = tokens.get(end)
        && !matches!(before, Some(Token::Name(word, _)) if word == "for" || word == "impl")
        && !(is_sign(tokens, start.wrapping_sub(1), '>')
            && is_sign(tokens, start.wrapping_sub(2), '-'))
    {
        return Behind::Fields;
    }
    let mut last = '\0';
    for token in rest {
        match token {
            Token::Name(word, _) if word == "for" && last != '~' => return Behind::Implemented,
            Token::Sign('>', _) if last == '=' => return Behind::Pattern,
            Token::Sign(sign, _) => last = *sign,
            Token::Name(..) => last = '\0',
        }
    }
    Behind::Other
}

fn is_sign(tokens: &[Token], at: usize, sign: char) -> bool {
    matches!(tokens.get(at), Some(Token::Sign(found, _)) if *found == sign)
}

fn module_of(path: &str) -> Option<Vec<String>> {
    let stem = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    let names = stem.split('/').map(str::to_owned);
    Some(if stem == "lib" {
        Vec::new()
    } else {
        names.collect()
    })
}

/// Returns the tokens of code; of what does not lex as a whole, those of each line that does.
fn tokens(code: &str) -> Vec<Token> {
    let flat: String = code
        .chars()
        .map(|c| match c {
            '{' => OPEN,
            '}' => CLOSE,
            '(' | '[' => '@',
            ')' | ']' => '^',
            c => c,
        })
        .collect();
    let mut tokens = Vec::new();
    match flat.parse::<TokenStream>() {
        Ok(stream) => push(stream, None, &mut tokens),
        Err(_) => {
            for (at, line) in flat.lines().enumerate() {
                if let Ok(stream) = line.parse::<TokenStream>() {
                    push(stream, Some(at + 1), &mut tokens);
                }
            }
        }
    }
    tokens
}

fn push(stream: TokenStream, line: Option<usize>, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = line.unwrap_or_else(|| tree.span().start().line);
        match tree {
            TokenTree::Ident(name) => tokens.push(Token::Name(name.to_string(), line)),
            TokenTree::Punct(sign) => tokens.push(Token::Sign(sign.as_char(), line)),
            // A literal separates what stands around it; a group is a comment.
            TokenTree::Literal(_) => tokens.push(Token::Sign('"', line)),
            TokenTree::Group(_) => {}
        }
    }
}
