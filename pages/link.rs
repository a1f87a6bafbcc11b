//! Links from a page to other pages of the book, and the ids of headings that they lead to.

use std::path::{Component, Path, PathBuf};

use crate::page::Page;

/// A link to a page of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The line with the link; the first line of a page is 1.
    pub line: usize,
    /// The page that it leads to, relative to the root of the repository.
    pub file: PathBuf,
    /// The id of a heading on that page, without the `#`.
    pub id: Option<String>,
}

impl Link {
    /// The link that `url`, at a line of a page, is: `None` if it leaves the book.
    ///
    /// # Errors
    /// What is wrong with the address, for the person who writes the page.
    pub(crate) fn parse(
        page: &Page,
        line: usize,
        url: &str,
    ) -> Result<Option<Link>, String> {
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
            "" => page.file.clone(),
            path => without_dots(&page.folder().join(path)).ok_or_else(|| {
                format!("dead link: {url} is outside of the repository")
            })?,
        };
        Ok(Some(Link { line, file, id }))
    }
}

/// The path without its `.` and `..`, unless it leads out of the folder that it is relative to.
pub(crate) fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(result)
}

/// The id that mdBook gives a heading with this text, if no heading before it has the same.
pub(crate) fn heading_id(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_or_out_of_the_book() {
        let page = Page { file: "book/src/a.md".into(), text: String::new() };
        let link = |url| Link::parse(&page, 1, url);
        let to = |file: &str, id: Option<&str>| {
            Ok(Some(Link { line: 1, file: file.into(), id: id.map(String::from) }))
        };
        assert_eq!(link("https://grpc.io"), Ok(None));
        assert_eq!(link("#there"), to("book/src/a.md", Some("there")));
        assert_eq!(link("b.md"), to("book/src/b.md", None));
        assert_eq!(link("./b.md#there"), to("book/src/b.md", Some("there")));
        assert_eq!(link("../../README.md"), to("README.md", None));
        assert!(link("http://grpc.io").is_err());
        assert!(link("../../../b.md").is_err());
    }

    #[test]
    fn headings_have_the_ids_of_mdbook() {
        assert_eq!(heading_id("Run it"), "run-it");
        assert_eq!(heading_id(" What `--hex` shows, 例 "), "what---hex-shows-例");
    }
}
