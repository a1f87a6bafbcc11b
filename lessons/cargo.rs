//! Builds the workbook's programs with cargo.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// Returns the command that builds the programs with these names, in which `*` stands for
/// anything, and the folder it builds into. `root` is the folder of the repository.
///
/// It uses the profile, target and target folder of the running program; other flags given to
/// cargo are not known here.
///
/// # Errors
/// The path of the running program is not known.
pub fn build(root: &Path, names: &[&str]) -> io::Result<(Command, PathBuf)> {
    // TARGET_DIR/[TRIPLE/]PROFILE/grpc-workbook, with TRIPLE where cargo was asked for one;
    // a test is in PROFILE/deps/.
    let program = env::current_exe()?;
    let mut folder = program.parent().unwrap_or(Path::new("."));
    if folder.ends_with("deps") {
        folder = folder.parent().unwrap_or(folder);
    }
    let mut above = folder.parent().unwrap_or(Path::new("."));

    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.arg("build");
    for name in names {
        cargo.args(["--bin", name]);
    }
    let profile = match folder.file_name() {
        Some(name) if name != "debug" => name,
        _ => OsStr::new("dev"),
    };
    cargo.arg("--profile").arg(profile);
    cargo.arg("--manifest-path").arg(root.join("Cargo.toml"));
    if above.ends_with(env!("WORKBOOK_TARGET")) {
        cargo.args(["--target", env!("WORKBOOK_TARGET")]);
        above = above.parent().unwrap_or(above);
    }
    cargo.arg("--target-dir").arg(above);
    Ok((cargo, folder.to_path_buf()))
}
