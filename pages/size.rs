//! How much there is to read on a page, and how long it takes.

use std::path::Path;

use crate::include::Include;
use crate::page::Page;

/// What a reader has to read and to do on a page, or on a part of it. Folds (`<details>`) do not
/// count: not everybody opens them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Words of prose, tables included.
    pub words: usize,
    /// Lines of code that the page includes from files.
    pub code_lines: usize,
    /// Commands of `console` and `sh` blocks.
    pub commands: usize,
    /// Exercises: one, or none.
    pub exercises: usize,
}

impl Size {
    /// The minutes that a reader takes, rounded up to a multiple of five: 180 words or 20 lines of
    /// code are one minute, and so is a command. An exercise takes ten.
    pub fn minutes(self) -> usize {
        let minutes = self.words as f64 / 180.0
            + self.code_lines as f64 / 20.0
            + (self.commands + 10 * self.exercises) as f64;
        (minutes / 5.0).ceil() as usize * 5
    }
}

/// What a line stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Prose,
    /// A `console` or `sh` block.
    Commands,
    /// A block with an include.
    Code,
}

impl Page {
    /// The size of the whole page. `root` is the root of the repository.
    pub fn size(&self, root: &Path) -> Size {
        self.size_of(root, &self.text)
    }

    /// The size of what stands before the page's exercise; of the whole page, if it has none.
    pub fn size_before_exercise(&self, root: &Path) -> Size {
        let heading = self.text.find("\n## Exercise");
        self.size_of(root, &self.text[..heading.unwrap_or(self.text.len())])
    }

    fn size_of(&self, root: &Path, text: &str) -> Size {
        let mut size = Size::default();
        let mut place = Place::Prose;
        let mut open_folds = 0_usize;
        for line in text.lines().map(str::trim) {
            if place == Place::Prose {
                open_folds += line.matches("<details").count();
                open_folds =
                    open_folds.saturating_sub(line.matches("</details>").count());
            }
            if let Some(info) = line.strip_prefix("```") {
                place = match (place, info.split(' ').next().unwrap_or_default()) {
                    (Place::Prose, "console" | "sh") => Place::Commands,
                    (Place::Prose, _) => Place::Code,
                    _ => Place::Prose,
                };
                continue;
            }
            if open_folds > 0 {
                continue;
            }
            match place {
                Place::Prose if line.starts_with("## Exercise") => size.exercises = 1,
                // Tags, and figures and tables that tests make: these are looked at, not read.
                Place::Prose
                    if line.starts_with('<') || line.starts_with("{{#include") => {}
                Place::Prose => size.words += words(line),
                Place::Commands if is_command(line) => size.commands += 1,
                Place::Commands => {}
                Place::Code => {
                    let include = Include::parse(line);
                    size.code_lines += include.map_or(0, |include| {
                        include.shown_lines(root, self.folder()).unwrap_or(0)
                    });
                }
            }
        }
        size
    }
}

/// The words of a line, without what only draws a table.
fn words(line: &str) -> usize {
    line.split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric))
        .count()
}

/// Whether a line of a block is a command: in a `console` block it begins with `$`, in an `sh`
/// block with the name of a program.
fn is_command(line: &str) -> bool {
    let programs = [
        "cargo ",
        "mdbook ",
        "python3 ",
        "npm ",
        "git ",
        "cd ",
        "OVERWRITE=",
    ];
    line.starts_with("$ ") || programs.iter().any(|program| line.starts_with(program))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Size;
    use crate::Page;

    fn page(text: &str) -> Page {
        Page { file: "book/src/page.md".into(), text: text.into() }
    }

    #[test]
    fn words_and_commands_are_counted_outside_of_folds() {
        let page = page(
            "# Title\n\nThree words here.\n\n```console\n$ cargo run\nHello, you!\n```\n\n\
             <details><summary>Not this</summary>\n\nnor this\n\n</details>\n\n\
             ## Exercise\n\nOne more.\n",
        );
        let before = Size { words: 4, code_lines: 0, commands: 1, exercises: 0 };
        assert_eq!(page.size_before_exercise(Path::new(".")), before);
        assert_eq!(page.size(Path::new(".")), Size { words: 6, exercises: 1, ..before });
    }

    #[test]
    fn minutes_are_rounded_up_to_five() {
        assert_eq!(Size { words: 1, ..Size::default() }.minutes(), 5);
        assert_eq!(Size { words: 900, ..Size::default() }.minutes(), 5);
        assert_eq!(Size { words: 901, ..Size::default() }.minutes(), 10);
        let size = Size { words: 1800, code_lines: 200, commands: 5, exercises: 1 };
        assert_eq!(size.minutes(), 35);
    }
}
