//! Asking on the terminal.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
};

use codex_execpolicy::Verdict;

/// Asks whoever sits at the terminal. Without a terminal, or an answer, the answer is no.
pub async fn ask(verdict: &Verdict) -> bool {
    let question = format!(
        "codex: `{}` needs a yes: {} (rule {})\nRun it? [y/N] ",
        verdict.argv.join(" "),
        verdict.reason,
        verdict.rule
    );
    // Waiting for a person must not hold up the runtime.
    tokio::task::spawn_blocking(move || put(&question).unwrap_or(false)).await.unwrap_or(false)
}

fn put(question: &str) -> std::io::Result<bool> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(printable(question).as_bytes())?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// A command must not be able to paint over the question about it.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter }).collect()
}
