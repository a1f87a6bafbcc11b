//! Runs: which console blocks of a page belong together.

use crate::script::Script;

/// A server's block and the blocks after it, up to the next server's. They call that server,
/// which is started before them and stopped after the last.
#[derive(Debug, Clone, Default)]
pub struct Run<'a> {
    /// The server's block. Only the first run of a page may be without one.
    pub server: Option<Script<'a>>,
    /// The blocks after it, in the order of the page.
    pub clients: Vec<Script<'a>>,
}

/// Groups the scripts of a page, which are in the page's order, into runs.
pub fn runs<'a>(scripts: impl IntoIterator<Item = Script<'a>>) -> Vec<Run<'a>> {
    let mut runs: Vec<Run> = Vec::new();
    for script in scripts {
        if script.is_server() {
            runs.push(Run { server: Some(script), clients: Vec::new() });
        } else if let Some(run) = runs.last_mut() {
            run.clients.push(script);
        } else {
            runs.push(Run { server: None, clients: vec![script] });
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Block;

    /// The runs of blocks that have one command each: the server's and the clients' commands.
    fn commands_of_runs(commands: &[&str]) -> Vec<(Option<String>, Vec<String>)> {
        let block = |command: &&str| Block {
            info: "console".into(),
            body: format!("$ {command}\n"),
            range: 0..0,
            line: 1,
        };
        let blocks: Vec<Block> = commands.iter().map(block).collect();
        let scripts = blocks
            .iter()
            .map(|block| Script::parse(block).expect("should be a script"));
        let text = |script: &Script| script.commands[0].line.text().to_string();
        runs(scripts)
            .iter()
            .map(|run| {
                (run.server.as_ref().map(text), run.clients.iter().map(text).collect())
            })
            .collect()
    }

    #[test]
    fn a_server_begins_a_run() {
        const SERVER: &str = "cargo run --bin lesson-1-server";
        const OTHER_SERVER: &str = "cargo run --bin lesson-2-server";
        const CLIENT: &str = "cargo run --bin lesson-1-client";
        let run = |server: Option<&str>, clients: &[&str]| {
            let clients = clients.iter().map(|client| client.to_string()).collect();
            (server.map(String::from), clients)
        };
        assert_eq!(commands_of_runs(&[]), []);
        assert_eq!(commands_of_runs(&[CLIENT, CLIENT]), [run(None, &[CLIENT, CLIENT])]);
        assert_eq!(
            commands_of_runs(&[CLIENT, SERVER, CLIENT, CLIENT, OTHER_SERVER]),
            [
                run(None, &[CLIENT]),
                run(Some(SERVER), &[CLIENT, CLIENT]),
                run(Some(OTHER_SERVER), &[]),
            ]
        );
    }
}
