//! Makes other people's programs say what the page has from them. Each message stands here as it
//! was said; `real.rs` holds the page against these files.

mod command_line;
mod connecting;
mod endings;
mod languages;
mod libraries;
mod peers;

/// Asserts that somebody said these words.
#[track_caller]
fn said(words: &str, by: &str) {
    assert!(by.contains(words), "{words:?} is not in:\n{by}");
}

/// An error and its causes, each as `Display` and as `Debug` write it.
fn all_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error}\n{error:?}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!("{error}\n{error:?}\n");
        cause = error.source();
    }
    text
}
