//! Sorts what a page contains, and refuses what no test could check.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd,
};

use crate::include::Include;
use crate::link::{Link, heading_id};
use crate::page::{Page, Problem};

/// A fenced block whose commands are run or looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The words after the three backticks, such as `console exit=1`.
    pub info: String,
    /// The lines between the fences, each with its line end.
    pub body: String,
    /// The bytes of the page that are `body`. Empty if the block is indented, as in a list: then
    /// the page's text differs from it.
    pub range: Range<usize>,
    /// The line of the first fence; the first line of a page is 1.
    pub line: usize,
}

/// What a page contains, as far as it needs more than reading.
#[derive(Debug, Default)]
pub struct Contents {
    /// The `console` blocks: commands and their output, which a test runs.
    pub console: Vec<Block>,
    /// The `sh` blocks: commands for the reader, which a test only looks up.
    pub shell: Vec<Block>,
    /// The links to pages of the book.
    pub links: Vec<Link>,
    /// The ids that mdBook gives the headings, which links can lead to.
    pub ids: HashSet<String>,
    /// What is wrong with the page.
    pub problems: Vec<Problem>,
}

/// What a fenced block is for.
enum BlockKind {
    /// Commands and what they print.
    Console,
    /// Commands alone.
    Shell,
    /// Includes of files, shown in one of [`LANGUAGES`].
    Listing,
}

/// The languages that an included file may be shown in.
const LANGUAGES: &[&str] = &["rust", "toml", "proto", "python", "js", "text"];

/// The HTML that a page may use. There is no `pre` among it: what is shown as code is checked.
const TAGS: &[&str] = &["details", "summary", "div", "br", "kbd", "sup"];

/// The folders of files that tests generate.
const GENERATED_FOLDERS: &[&str] = &["book/figures", "book/generated"];

/// Reads the contents of a page. `root` is the root of the repository.
pub(crate) fn read(page: &Page, root: &Path) -> Contents {
    let mut reader = Reader {
        page,
        root,
        contents: Contents::default(),
        fences: Vec::new(),
        open_block: None,
        open_heading: None,
    };
    let mut undefined: Vec<Range<usize>> = Vec::new();
    // To the parser, `[text][name]` is a link only if the page defines the name. `[text]` alone
    // may well be meant as text.
    let broken = |link: BrokenLink| {
        if !matches!(link.link_type, LinkType::Shortcut) {
            undefined.push(link.span);
        }
        None::<(CowStr, CowStr)>
    };
    let parser =
        Parser::new_with_broken_link_callback(&page.text, extensions(), Some(broken));
    for (event, range) in parser.into_offset_iter() {
        reader.event(event, range);
    }
    for span in undefined {
        let line = page.line_of(span.start);
        reader.refuse(line, format!("dead link: {} is not defined", &page.text[span]));
    }
    reader.includes_in_prose();
    reader.contents
}

/// The extensions of Markdown that mdBook turns on.
fn extensions() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM
}

/// Reads the events of a page's parser, one after the other.
struct Reader<'a> {
    page: &'a Page,
    /// The root of the repository, where included files are looked up.
    root: &'a Path,
    /// What was found so far.
    contents: Contents,
    /// The bytes of all fenced blocks so far, with their fences.
    fences: Vec<Range<usize>>,
    /// The fenced block whose lines are being read. Its `range` is still that of the whole block,
    /// with its fences.
    open_block: Option<Block>,
    /// The text so far of the heading that is being read.
    open_heading: Option<String>,
}

impl Reader<'_> {
    fn refuse(&mut self, line: usize, what: impl Into<String>) {
        self.contents.problems.push(self.page.problem(line, what));
    }

    /// Handles one event; `range` is the bytes of the page that it comes from.
    fn event(&mut self, event: Event, range: Range<usize>) {
        let line = self.page.line_of(range.start);
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                self.refuse(line, "indented code: no test reads it; use a fenced block");
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                if !is_closed(&self.page.text[range.clone()]) {
                    self.refuse(line, "this block is never closed");
                }
                self.fences.push(range.clone());
                let (info, body) = (info.to_string(), String::new());
                self.open_block = Some(Block { info, body, range, line });
            }
            Event::End(TagEnd::CodeBlock) => self.end_block(),
            Event::Start(Tag::Heading { id, .. }) => {
                self.open_heading = Some(String::new());
                self.contents.ids.extend(id.map(|id| id.to_string()));
            }
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                match Link::parse(self.page, line, &dest_url) {
                    Ok(link) => self.contents.links.extend(link),
                    Err(what) => self.refuse(line, what),
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(line, &html),
            Event::Text(text) | Event::Code(text) => {
                if let Some(block) = &mut self.open_block {
                    block.body += &text;
                } else if let Some(heading) = &mut self.open_heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }

    fn end_block(&mut self) {
        // An indented block, which was refused at its start, opened none.
        let Some(mut block) = self.open_block.take() else {
            return;
        };
        // Inside a list or a quotation the page's text has more than the body.
        let whole = block.range;
        block.range = match self.page.text[whole.clone()].find(&block.body) {
            Some(at) => whole.start + at..whole.start + at + block.body.len(),
            None => 0..0,
        };
        self.sort_block(block);
    }

    fn end_heading(&mut self) {
        let ids = &mut self.contents.ids;
        let id = heading_id(&self.open_heading.take().unwrap_or_default());
        // mdBook numbers the second heading with the same id, and so on.
        let numbered = (1..).map(|n| format!("{id}-{n}"));
        let mut candidates = std::iter::once(id.clone()).chain(numbered);
        let unused = candidates.find(|id| !ids.contains(id));
        ids.extend(unused);
    }

    fn html(&mut self, line: usize, html: &str) {
        for tag in tags(html) {
            if !TAGS.contains(&tag.as_str()) {
                let allowed = TAGS.join(", ");
                self.refuse(line, format!("<{tag}>: of HTML, only {allowed} are used"));
            }
        }
    }

    /// Keeps a block of commands, and checks a listing. There are no other blocks.
    fn sort_block(&mut self, block: Block) {
        let line = block.line;
        if block.body.trim().is_empty() {
            return self.refuse(line, "an empty block");
        }
        let Some(kind) = block_kind(&block.info) else {
            let what = format!(
                "`{}`: a block is `console`, `sh`, or an include shown as one of {}",
                block.info,
                LANGUAGES.join(", ")
            );
            return self.refuse(line, what);
        };
        if !matches!(kind, BlockKind::Listing) && block.body.contains("{{#") {
            self.refuse(line, "an include where a test runs commands");
        }
        match kind {
            BlockKind::Console if block.range.is_empty() => {
                self.refuse(line, "a console block is not indented");
            }
            BlockKind::Console => self.contents.console.push(block),
            BlockKind::Shell => self.contents.shell.push(block),
            BlockKind::Listing => self.check_listing(&block),
        }
    }

    /// Checks that every line of a listing is an include that resolves.
    fn check_listing(&mut self, block: &Block) {
        for (n, text) in block.body.lines().enumerate() {
            let checked = match Include::parse(text) {
                Some(include) => include.check(self.root, self.page.folder()).map(drop),
                None => {
                    Err("code typed by hand: show a file's, with {{#include}}".into())
                }
            };
            if let Err(what) = checked {
                self.refuse(block.line + 1 + n, what);
            }
        }
    }

    /// Checks the includes outside fences: each is of a generated file.
    fn includes_in_prose(&mut self) {
        let page = self.page;
        for (offset, _) in page.text.match_indices("{{#") {
            if self.fences.iter().any(|fence| fence.contains(&offset)) {
                continue;
            }
            let line = page.line_of(offset);
            let text = page.text.lines().nth(line - 1).unwrap_or_default();
            let Some(include) = Include::parse(text) else {
                self.refuse(line, "an include stands alone on its line");
                continue;
            };
            match include.check(self.root, page.folder()) {
                Ok(file)
                    if GENERATED_FOLDERS
                        .iter()
                        .any(|in_it| file.starts_with(in_it)) => {}
                Ok(_) => {
                    self.refuse(
                        line,
                        "outside a fence, only generated files are included",
                    );
                }
                Err(what) => self.refuse(line, what),
            }
        }
    }
}

/// What a block is for, by the words after its backticks.
fn block_kind(info: &str) -> Option<BlockKind> {
    match info.split_whitespace().next() {
        Some("console") => Some(BlockKind::Console),
        Some("sh") => Some(BlockKind::Shell),
        // The whole of it: `rust,ignore` is code that no compiler has seen.
        _ if LANGUAGES.contains(&info) => Some(BlockKind::Listing),
        _ => None,
    }
}

/// Whether the source of a fenced block ends with a fence like its first.
fn is_closed(source: &str) -> bool {
    let mut lines = source.lines();
    let open = lines.next().and_then(fence);
    let close = lines.next_back().and_then(fence);
    match (open, close) {
        (Some((mark, n)), Some((other, m))) => mark == other && m >= n,
        _ => false,
    }
}

/// The character of a fence, and how many there are.
fn fence(line: &str) -> Option<(char, usize)> {
    let line = line.trim().trim_start_matches(['>', ' ']);
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    Some((mark, line.chars().take_while(|c| *c == mark).count()))
}

/// The names of the tags in a piece of HTML. Comments have none.
fn tags(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for after in html.split('<').skip(1) {
        let name = after.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric());
        let name = &name[..end.unwrap_or(name.len())];
        if !name.is_empty() {
            tags.push(name.to_lowercase());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Contents {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let page = Page { file: "book/src/page.md".into(), text: text.into() };
        page.contents(root)
    }

    /// The problems of a page, each as `LINE: WHAT`.
    fn problems(text: &str) -> Vec<String> {
        let problems = contents(text).problems;
        let line = |problem: &Problem| format!("{}: {}", problem.line, problem.what);
        problems.iter().map(line).collect()
    }

    #[test]
    fn blocks_are_sorted_and_placed() {
        let text = "# A\n\n```console exit=1\n$ a\nb\n```\n\n```sh\nc\n```\n";
        let contents = contents(text);
        assert_eq!(contents.problems, []);
        let [console] = &contents.console[..] else {
            panic!("there should be one console block: {:?}", contents.console);
        };
        assert_eq!((&*console.info, &*console.body), ("console exit=1", "$ a\nb\n"));
        assert_eq!((console.line, &text[console.range.clone()]), (3, "$ a\nb\n"));
        let [shell] = &contents.shell[..] else {
            panic!("there should be one sh block: {:?}", contents.shell);
        };
        assert_eq!((&*shell.body, shell.line), ("c\n", 8));
    }

    #[test]
    fn a_console_block_in_a_quotation_is_refused() {
        assert_eq!(
            problems("> ```console\n> $ a\n> b\n> ```\n"),
            ["1: a console block is not indented"]
        );
    }

    #[test]
    fn headings_of_one_name_are_numbered() {
        let ids = contents("# Run it\n\n# Run it\n\n# Other {#mine}\n").ids;
        for id in ["run-it", "run-it-1", "mine"] {
            assert!(ids.contains(id), "{id} is not in {ids:?}");
        }
    }

    #[test]
    fn includes_must_resolve() {
        for (include, what) in [
            ("../../lessons/nothing.rs", "missing include"),
            ("../../lessons/lib.rs:nothing", "missing anchor"),
            ("../../lessons/01_hello/client.rs", "ANCHOR"),
            ("../../../elsewhere.rs", "outside of the repository"),
        ] {
            let problems =
                problems(&format!("```rust\n{{{{#include {include}}}}}\n```\n"));
            assert!(problems[0].starts_with("2: ") && problems[0].contains(what));
        }
        assert_eq!(
            problems("```rust\n{{#include ../../lessons/lib.rs}}\n```\n"),
            [""; 0]
        );
    }

    #[test]
    fn code_that_no_test_reads_is_refused() {
        for (text, problem) in [
            ("```rust\nfn main() {}\n```\n", "2: code typed by hand"),
            ("```rust,ignore\nx\n```\n", "1: `rust,ignore`"),
            ("text\n\n    indented();\n", "3: indented code"),
            ("text\n\n<pre>\ncode\n</pre>\n", "3: <pre>"),
            ("```rust\n```\n", "1: an empty block"),
            ("```sh\ncargo build\n", "1: this block is never closed"),
            ("````sh\ncargo build\n```\n", "1: this block is never closed"),
            ("```sh\n{{#include a}}\n```\n", "1: an include where"),
        ] {
            let problems = problems(text);
            assert!(problems[0].starts_with(problem), "{problems:?}");
        }
    }
}
