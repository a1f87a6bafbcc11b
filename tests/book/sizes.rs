//! How long a page is: the minutes at its top are computed, and a chapter that tires its reader
//! before the exercise is refused.

use std::fs;
use std::sync::LazyLock;

use pages::{Page, Size};
use regex::Regex;
use support::overwrite;
use support::programs::root;

/// The most that a chapter may ask of its reader before the exercise. What a second reading needs
/// stands behind it, under "A closer look".
const MOST_WORDS: usize = 2000;
const MOST_CODE_LINES: usize = 250;

/// As it stands in the first paragraph of a page.
static MINUTES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"About (\d+) minutes\.").expect("the pattern should parse")
});

/// The chapters: the pages whose file names begin with a number.
fn chapters() -> impl Iterator<Item = Page> {
    crate::book().into_iter().filter(|page| {
        let name = page.file.file_name().unwrap_or_default();
        name.to_string_lossy()
            .starts_with(|c: char| c.is_ascii_digit())
    })
}

#[test]
fn the_minutes_of_a_page_are_computed() {
    for page in crate::book() {
        let file = page.file.display();
        let Some(shown) = MINUTES.captures(&page.text) else {
            assert!(
                chapters().all(|chapter| chapter.file != page.file),
                "{file} should say in its first paragraph: About N minutes."
            );
            continue;
        };
        let size = page.size(root());
        let computed = format!("About {} minutes.", size.minutes());
        if overwrite() && shown[0] != computed {
            let text = page.text.replacen(&shown[0], &computed, 1);
            fs::write(root().join(&page.file), text)
                .expect("the page should be writable");
        } else {
            assert_eq!(
                &shown[0], computed,
                "{file}, {size:?}: OVERWRITE=1 cargo test --test book"
            );
        }
    }
}

#[test]
fn chapters_are_not_too_long_before_their_exercise() {
    let mut too_long = String::new();
    for page in chapters() {
        let size = page.size_before_exercise(root());
        let Size { words, code_lines, .. } = size;
        if words > MOST_WORDS || code_lines > MOST_CODE_LINES {
            too_long += &format!(
                "{}: {words} words, {code_lines} lines of code\n",
                page.file.display()
            );
        }
    }
    assert!(
        too_long.is_empty(),
        "a chapter has at most {MOST_WORDS} words and {MOST_CODE_LINES} lines of code before its \
         exercise:\n{too_long}"
    );
}
