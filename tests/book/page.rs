//! Reads a page of the book and refuses what no test can vouch for.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::{fmt, fs};

use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd,
};

/// A page: its file's name, relative to the repository, and its text.
pub struct Page {
    pub file: PathBuf,
    pub text: String,
}

/// Something wrong with a page, with its place: `book/src/01-hello.md:12: dead link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: PathBuf,
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// A fenced block whose commands a test runs or looks up.
#[derive(Debug, Clone)]
pub struct Block {
    /// The words after the three backticks.
    pub info: String,
    /// The lines between the fences.
    pub body: String,
    /// Where `body` stands in the page's text, if it stands there unindented.
    pub range: Range<usize>,
    pub line: usize,
}

/// What a page holds that needs more than reading.
#[derive(Debug, Default)]
pub struct Contents {
    pub console: Vec<Block>,
    pub shell: Vec<Block>,
    /// Links to other pages and places in them: where they stand, file, and id.
    pub links: Vec<(usize, PathBuf, Option<String>)>,
    /// The ids that headings of this page get from mdBook.
    pub ids: HashSet<String>,
    pub problems: Vec<Problem>,
}

/// The languages that an included file may be shown in.
const LANGUAGES: &[&str] = &["rust", "toml", "proto", "python", "text"];

/// The HTML that a page may use. There is no `pre` among it: what is shown as code is checked.
const TAGS: &[&str] = &["details", "summary", "div", "br", "kbd", "sup"];

impl Page {
    /// # Panics
    /// There is no such file.
    pub fn read(root: &Path, file: &str) -> Page {
        let text =
            fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        Page { file: file.into(), text }
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    fn problem(&self, line: usize, what: impl Into<String>) -> Problem {
        Problem { file: self.file.clone(), line, what: what.into() }
    }

    /// Sorts what the page contains. `root` is where its includes and links lead to.
    pub fn contents(&self, root: &Path) -> Contents {
        let mut contents = Contents::default();
        let mut fences: Vec<Range<usize>> = Vec::new();
        let mut undefined: Vec<Range<usize>> = Vec::new();
        // A link to a definition that is missing is no link to the parser, just brackets.
        let broken = |link: BrokenLink| {
            if !matches!(link.link_type, LinkType::Shortcut) {
                undefined.push(link.span);
            }
            None::<(CowStr, CowStr)>
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        let parser =
            Parser::new_with_broken_link_callback(&self.text, options, Some(broken));
        let mut heading: Option<String> = None;
        let mut fence: Option<(Block, Range<usize>)> = None;
        for (event, range) in parser.into_offset_iter() {
            let line = self.line(range.start);
            let mut refuse =
                |what: String| contents.problems.push(self.problem(line, what));
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                    refuse("indented code: no test reads it; use a fenced block".into());
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    if !closes(&self.text[range.clone()]) {
                        refuse("this block is never closed".into());
                    }
                    fences.push(range.clone());
                    let (info, body) = (info.to_string(), String::new());
                    fence = Some((Block { info, body, range: 0..0, line }, range));
                }
                Event::End(TagEnd::CodeBlock) => {
                    let Some((mut block, whole)) = fence.take() else {
                        continue;
                    };
                    // Inside a list or a quotation the page's text has more than the body.
                    if let Some(start) = self.text[whole.clone()].find(&block.body) {
                        block.range =
                            whole.start + start..whole.start + start + block.body.len();
                    }
                    self.sort(block, root, &mut contents);
                }
                Event::Start(Tag::Heading { id, .. }) => {
                    heading = Some(String::new());
                    contents.ids.extend(id.map(|id| id.to_string()));
                }
                Event::End(TagEnd::Heading(_)) => {
                    let id = heading_id(&heading.take().unwrap_or_default());
                    // mdBook numbers the ids that come again.
                    let repeated = (1..).map(|n| format!("{id}-{n}"));
                    let mut candidates = std::iter::once(id.clone()).chain(repeated);
                    contents
                        .ids
                        .extend(candidates.find(|id| !contents.ids.contains(id)));
                }
                Event::Start(
                    Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. },
                ) => match self.target(&dest_url) {
                    Ok(None) => {}
                    Ok(Some((file, id))) => contents.links.push((line, file, id)),
                    Err(what) => refuse(what),
                },
                Event::Html(html) | Event::InlineHtml(html) => {
                    for tag in tags(&html) {
                        if !TAGS.contains(&tag.as_str()) {
                            refuse(format!(
                                "<{tag}>: of HTML, only {} are used",
                                TAGS.join(", ")
                            ));
                        }
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((block, _)) = &mut fence {
                        block.body += &text;
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        for span in undefined {
            let what = format!("dead link: {} is not defined", &self.text[span.clone()]);
            contents
                .problems
                .push(self.problem(self.line(span.start), what));
        }
        self.includes_in_prose(root, &fences, &mut contents.problems);
        contents
    }

    /// Decides what a fenced block is; there are three kinds, and nothing else is let through.
    fn sort(&self, block: Block, root: &Path, contents: &mut Contents) {
        let line = block.line;
        let mut refuse = |what: String| contents.problems.push(self.problem(line, what));
        if block.body.trim().is_empty() {
            return refuse("an empty block".into());
        }
        let kind = block.info.split_whitespace().next().unwrap_or("");
        if matches!(kind, "console" | "sh") {
            if block.body.contains("{{#") {
                refuse("an include where a test runs commands".into());
            }
            return match kind {
                "console" if block.range.is_empty() => {
                    refuse("a console block is not indented".into())
                }
                "console" => contents.console.push(block),
                _ => contents.shell.push(block),
            };
        }
        if !LANGUAGES.contains(&block.info.as_str()) {
            return refuse(format!(
                "`{}`: a block is `console`, `sh`, or an include shown as one of {}",
                block.info,
                LANGUAGES.join(", ")
            ));
        }
        for (n, text) in block.body.lines().enumerate() {
            let included = match include_of(text) {
                Some(include) => self.include(root, include).map(drop),
                None => {
                    Err("code typed by hand: show a file's, with {{#include}}".into())
                }
            };
            if let Err(what) = included {
                contents.problems.push(self.problem(line + 1 + n, what));
            }
        }
    }

    /// Outside fences, only what a test generates is included.
    fn includes_in_prose(
        &self,
        root: &Path,
        fences: &[Range<usize>],
        problems: &mut Vec<Problem>,
    ) {
        for (offset, _) in self.text.match_indices("{{#") {
            if fences.iter().any(|fence| fence.contains(&offset)) {
                continue;
            }
            let line = self.line(offset);
            let text = self.text.lines().nth(line - 1).unwrap_or_default();
            let result = match include_of(text) {
                None => Err("an include stands alone on its line".into()),
                Some(include) => self.include(root, include).and_then(|file| {
                    let generated = ["book/figures", "book/generated"];
                    match generated.iter().any(|folder| file.starts_with(folder)) {
                        true => Ok(()),
                        false => {
                            Err("outside a fence, only generated files are included"
                                .into())
                        }
                    }
                }),
            };
            problems.extend(result.err().map(|what: String| self.problem(line, what)));
        }
    }

    /// Looks up what mdBook would put in place of an include: `FILE` or `FILE:ANCHOR`.
    fn include(&self, root: &Path, include: &str) -> Result<PathBuf, String> {
        let (path, anchor) = match include.split_once(':') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (include, None),
        };
        let file = normal(&self.folder().join(path))
            .ok_or_else(|| format!("{path} is outside of the repository"))?;
        let text = fs::read_to_string(root.join(&file))
            .map_err(|_| format!("missing include: there is no {}", file.display()))?;
        let lines = || text.lines();
        let shown: Vec<&str> = match anchor {
            None if lines().any(|line| {
                line.contains("ANCHOR: ") || line.contains("ANCHOR_END: ")
            }) =>
            {
                return Err(format!(
                    "the whole of {path} is shown, its ANCHOR lines too"
                ));
            }
            None => lines().collect(),
            Some(anchor) => {
                let marks = |mark: &str, line: &str| {
                    line.split_once(mark)
                        .is_some_and(|(_, name)| name.trim() == anchor)
                };
                let start = lines().position(|line| marks("ANCHOR: ", line));
                let end = lines().position(|line| marks("ANCHOR_END: ", line));
                let (Some(start), Some(end)) = (start, end) else {
                    return Err(format!(
                        "missing anchor: {path} has no ANCHOR and ANCHOR_END {anchor}"
                    ));
                };
                lines()
                    .skip(start + 1)
                    .take(end.saturating_sub(start + 1))
                    .collect()
            }
        };
        if shown.iter().all(|line| line.trim().is_empty()) {
            return Err(format!("{include} includes nothing"));
        }
        Ok(file)
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Where a link leads inside the book, if it does.
    fn target(&self, url: &str) -> Result<Option<(PathBuf, Option<String>)>, String> {
        if url.starts_with("https://") {
            return Ok(None);
        }
        if url.contains(':') {
            return Err(format!(
                "{url}: a link leads to a page of the book or to an https:// address"
            ));
        }
        let (path, id) = match url.split_once('#') {
            Some((path, id)) => (path, Some(id.to_string())),
            None => (url, None),
        };
        let file = match path {
            "" => Some(self.file.clone()),
            path => normal(&self.folder().join(path)),
        };
        match file {
            Some(file) => Ok(Some((file, id))),
            None => Err(format!("dead link: {url} is outside of the repository")),
        }
    }
}

/// Whether the source of a fenced block ends with a fence like its first.
fn closes(source: &str) -> bool {
    let mark = |line: &str| {
        let line = line.trim().trim_start_matches(['>', ' ']);
        let c = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        Some((c, line.chars().take_while(|x| *x == c).count()))
    };
    let mut lines = source.lines();
    let (open, close) = (lines.next().and_then(mark), lines.next_back().and_then(mark));
    matches!((open, close), (Some((a, n)), Some((b, m))) if a == b && m >= n)
}

/// `FILE` of a line that is just `{{#include FILE}}`.
fn include_of(line: &str) -> Option<&str> {
    line.trim()
        .strip_prefix("{{#include ")?
        .strip_suffix("}}")
        .map(str::trim)
}

/// The path without its `..`, unless it leads out of the folder that it is relative to.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(normal)
}

/// The id that mdBook gives a heading.
fn heading_id(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

/// The names of the tags in a piece of HTML. Comments have none.
fn tags(html: &str) -> Vec<String> {
    let name = |tag: &str| {
        let name = tag.trim_start_matches('/');
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(name.len());
        name[..end].to_lowercase()
    };
    html.split('<')
        .skip(1)
        .map(name)
        .filter(|name| !name.is_empty())
        .collect()
}
