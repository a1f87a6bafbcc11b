//! Having cargo build the workbook's programs, just as it built the one that asks.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// The command that builds the programs with these names, in which `*` stands for anything, and
/// the folder in which they will then be. `root` is the folder of the repository.
///
/// It builds them with the profile, for the machine and into the folder that the program that
/// asks was built with; what else cargo was told on its command line it does not know.
///
/// # Errors
///
/// If the system does not tell where the program that asks is.
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
