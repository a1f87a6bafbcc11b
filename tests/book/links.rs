//! Follows the links between the pages of the book. mdBook does not: it writes a dead link like
//! any other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pages::{Contents, Page, Problem};

/// The links to pages or headings that do not exist. Only `pages` can be linked to.
pub fn dead_links(pages: &[(Page, Contents)]) -> Vec<Problem> {
    let mut known: BTreeMap<&PathBuf, &Contents> = BTreeMap::new();
    for (page, contents) in pages {
        known.insert(&page.file, contents);
    }
    let mut problems = Vec::new();
    for (page, contents) in pages {
        for link in &contents.links {
            let file = link.file.display();
            let what = match (known.get(&link.file), &link.id) {
                (None, _) => format!("dead link: {file} is not a page of SUMMARY.md"),
                (Some(target), Some(id)) if !target.ids.contains(id) => {
                    format!("dead link: {file} has no heading #{id}")
                }
                (Some(_), _) => continue,
            };
            problems.push(page.problem(link.line, what));
        }
    }
    problems
}
