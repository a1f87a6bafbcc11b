//! Every message that the workbook's programs print for a failure has a row on the page.

use std::path::{Path, PathBuf};

use grpc_workbook::explain::{PAGE, Pattern, Row, cleaned};

use super::scan::{GAP, Message, messages};
use super::{files_below, is_test, read, rows};

/// A row belongs to a message if it names so many of its letters,
const ENOUGH_LETTERS: usize = 24;
/// or this part of them.
const ENOUGH_PART: f64 = 0.5;

/// What the scan finds and is no message of a failure, each with the reason.
const NO_FAILURES: &[(&str, &str)] = &[
    ("(os error", "is looked for in another message, and cut off"),
    ("Plays a lesson of the workbook, server and client, in one terminal", "help"),
    ("cargo run --", "the program's name"),
    ("one of its own", "help"),
    ("is missing", "the end of a message that has a row"),
    ("That is not on the page. Nearest to it:", "stands before rows of the page"),
    ("such as \u{fffc}", "stands before another message"),
    ("at offset \u{fffc}: \u{fffc}", "stands before another message"),
    (
        "flow: call dropped, and the client sent RST_STREAM on \u{fffc}: \u{fffc}",
        "what the script wanted",
    ),
    ("a runtime should start", "the system has no thread left: nothing to look up"),
    (
        "the thread of the call ended",
        "a panic without a message, which the check's report shows",
    ),
    ("--break no-server", "stands before a message that has a row"),
    ("--break wrong-port", "stands before a message that has a row"),
    ("this failure", "stands before a message that has a row"),
    ("the number of a lesson", "stands before a message that has a row"),
    ("this call: \u{fffc}", "stands before a status"),
    ("the neighbour: \u{fffc}", "stands before a status"),
    ("tonic alone: \u{fffc}", "stands before a status"),
    ("the neighbour: seats left: \u{fffc}", "no failure"),
    ("to_bytes() fails: \u{fffc}", "stands before a message that has a row"),
    (
        "There is no such course.",
        "the service's message, for a user: its row is found",
    ),
    ("a string with escapes", "put into a message that has a row"),
    ("binary numbers", "put into a message that has a row"),
    ("decimal numbers", "put into a message that has a row"),
    ("percent-encoded text", "put into a message that has a row"),
    ("read as \u{fffc}: \u{fffc} bytes", "no failure"),
    ("without a text", "a panic without a message"),
];

/// The sources of what a reader runs: the programs, the exercises, and what checks them. Not the
/// answers: those are the same as the exercises, or wrong on purpose.
fn sources() -> Vec<(String, String)> {
    let mut files = files_below(Path::new("lessons"));
    let others = [
        "build.rs",
        "tests/build.rs",
        "tests/support/checks/apart.rs",
    ];
    files.extend(others.map(PathBuf::from));
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".rs")
            && name != "solution.rs"
            && !name.starts_with("wrong_")
            && !is_test(file)
    });
    let named = |file: PathBuf| (file.display().to_string(), read(&file));
    let mut sources: Vec<(String, String)> = files.into_iter().map(named).collect();
    // Tests that stand beside what they test, in a file of another name.
    sources.retain(|(_, text)| {
        !text.contains("#[test]") && !text.contains("#[tokio::test]")
    });
    sources
}

/// The messages of the programs.
pub fn ours() -> Vec<Message> {
    let mut messages = messages(&sources());
    messages.retain(|message| !NO_FAILURES.iter().any(|(text, _)| *text == message.text));
    messages
}

/// The message as a program prints it, with `filling` for what is put in.
pub fn printed(message: &Message, filling: &str) -> String {
    message.text.replace(GAP, filling)
}

/// Whether a row is about a message, and not only about words that happen to be in it.
pub fn belongs(row: &Row, message: &Message) -> bool {
    let text = cleaned(&message.text);
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    row.patterns.iter().any(|pattern: &Pattern| {
        pattern.matches(&text).is_some_and(|named| {
            named >= ENOUGH_LETTERS || named as f64 >= letters as f64 * ENOUGH_PART
        })
    })
}

#[test]
fn each_of_our_messages_has_a_row() {
    let rows = rows();
    let mut missing = String::new();
    let messages = ours();
    assert!(messages.len() > 60, "the scan should find the messages: {messages:#?}");
    for message in &messages {
        if !rows.iter().any(|row| belongs(row, message)) {
            let text = printed(message, "…");
            missing += &format!("{}: `{text}`\n", message.place);
        }
    }
    assert!(
        missing.is_empty(),
        "{PAGE} has no row for these messages. A row names at least half of a message's letters, or \
         {ENOUGH_LETTERS} of them, with … for what differs each time:\n{missing}"
    );
}

/// The page could be complete today and the test blind: each of these ways to print a failure must
/// be seen.
#[test]
fn the_scan_sees_each_way_to_print_a_failure() {
    const SOURCE: &str = r##"
        //! "no message, a comment"
        const WORDS: &str = "message of a constant";
        #[arg(help = "no message, an attribute")]
        struct Args;
        fn main() -> Result<(), Failure> {
            println!("no message, output");
            eprintln!("message of eprintln: {error}");
            println!("message of a server that goes on: {}", without_os_code(&error));
            fail(2, "message of fail");
            misused("message of a function that hands it on");
            let line = format!("message of a {} variable", "x");
            log::info!("no message, a {line}");
            let other = if true { "message of one branch" } else { "message of the other" };
            text.parse().map_err(|_| "message of map_err")?;
            text.parse().map_err(describe)?;
            find().ok_or("message of ok_or")?;
            find().ok_or_else(|| Failure::new(WORDS))?;
            return Err(Failure::new(line + other));
        }
        fn misused(how: &str) -> ! { cli::fail(2, &format!("{how}; see --help of it")) }
        fn describe(error: ParseError) -> String {
            match error.kind() {
                Kind::A => format!(r#"message "of {error}" described"#),
                Kind::B => detail(error),
            }
        }
        fn detail(_: ParseError) -> String { "message of a function that it calls".into() }
        fn unused() -> String { "no message, nothing fails with it".into() }
        impl fmt::Display for DecodeErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                match self { TooDeep => write!(f, "message of Display, {MOST} deep") }
            }
        }
        fn wrong_size(reason: &'static str) -> FrameError { FrameError { code: 1, reason } }
        fn exactly<const N: usize>(bytes: &[u8], why: &'static str) -> Result<[u8; N], FrameError> {
            bytes.try_into().map_err(|_| wrong_size(why))
        }
        fn read_ping() -> Result<[u8; 8], FrameError> { exactly(bytes, "message of a frame") }
        fn check() -> Result<(), Status> {
            let too_short = wrong_size("message of an error in a variable");
            tx.send(Err(Status::unavailable("message of a status"))).await;
            Err(io::Error::new(ErrorKind::InvalidData, "message of io::Error"))?;
            panic!("message of a panic");
        }
    "##;
    let source = ("made_up.rs".to_string(), SOURCE.to_string());
    let found = messages(&[source]);
    let texts: Vec<&str> = found.iter().map(|message| &*message.text).collect();
    let wanted =
        SOURCE.matches("message of").count() + SOURCE.matches("message \"of").count();
    for text in &texts {
        assert!(!text.contains("no message"), "{text}");
    }
    let seen = texts.iter().filter(|text| text.contains("message")).count();
    assert_eq!(seen, wanted, "{texts:#?}");
    let place = found
        .iter()
        .find(|message| message.text == "message of fail");
    assert_eq!(place.map(|message| &*message.place), Some("made_up.rs:10"));
}

/// A row that says a little of a message does not count.
#[test]
fn a_row_names_the_message_itself() {
    let message = |text: &str| Message { text: text.into(), place: String::new() };
    let row = |text: &str| Row {
        heading: String::new(),
        patterns: vec![Pattern::new(text)],
        cause: String::new(),
        remedy: String::new(),
        chapters: String::new(),
    };
    let new = message(
        "the lane \u{fffc} is in use by another worker, and will not be free again",
    );
    assert!(!belongs(&row("is in use"), &new));
    assert!(!belongs(&row("the lane is in use"), &new));
    assert!(belongs(&row("the lane … is in use by another worker"), &new));
    assert!(belongs(&row("is in use by another worker, and"), &new));
    assert!(belongs(&row("cannot write"), &message("cannot write \u{fffc}: \u{fffc}")));
}
