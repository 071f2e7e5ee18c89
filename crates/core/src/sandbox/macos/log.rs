//! The system's log, read for what one sandbox refuses: one reader for all its runs, which no run waits for at its start.
//!
//! Only administrators may read it. Where it can't be read, nothing is told and runs go on.

use std::{
    collections::HashMap,
    fmt,
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{denied, violation};
use crate::{
    exec::{Denial, DenialKind, MAX_DENIALS},
    policy::SandboxPolicy,
    sandbox::DenialReports,
};

/// Keeps what it starts for as long as its input is open, so that nothing is left of it when this process is killed.
const WATCHED: &str = "\"$@\" & exec >&-; read -r _; kill $!";
/// The longest line that is read.
const LONGEST_LINE: u64 = 64 * 1024;
/// How long no line may have come before those of a run that failed count as all there.
const QUIET: Duration = Duration::from_millis(100);
/// How long they are waited for at most.
const LATEST: Duration = Duration::from_millis(500);
/// How long the log may take to open, for those who wait for it.
const OPENING: Duration = Duration::from_secs(2);
/// The time between two looks for that.
const PAUSE: Duration = Duration::from_millis(10);

/// The log, as long as it isn't dropped.
pub struct Log {
    shared: Arc<Shared>,
    _reading: ChildStdin,
}

struct Shared {
    /// What the sandbox is named in the log.
    sandbox: String,
    policy: SandboxPolicy,
    reports: DenialReports,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    runs: HashMap<u64, Heard>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Opening,
    Open,
    Over,
}

/// What was refused to a run so far, each thing once.
#[derive(Default)]
struct Heard {
    things: Vec<(DenialKind, String)>,
    denials: Vec<Denial>,
}

/// The program and arguments that print the lines of a sandbox of this name, which is of letters, digits and dots.
pub fn stream(sandbox: &str) -> Vec<String> {
    let predicate = format!(
        "processID == 0 AND senderImagePath ENDSWITH \"/Sandbox\" AND eventMessage CONTAINS \"Sandbox: \" AND \
         eventMessage CONTAINS \"{sandbox}.\""
    );
    ["/usr/bin/log", "stream", "--style", "ndjson", "--predicate", &predicate].map(str::to_owned).to_vec()
}

impl Log {
    /// Begins to read what `stream` prints. Waits for nothing.
    pub fn open(sandbox: String, stream: &[String], policy: SandboxPolicy, reports: DenialReports) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", WATCHED, "sh"])
            .args(stream)
            .env_clear()
            .current_dir("/")
            // What a person types at this process's terminal is not for it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(reading), Some(lines)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let shared = Arc::new(Shared { sandbox, policy, reports, state: Mutex::default() });
        let reader = Arc::clone(&shared);
        thread::Builder::new().name("codex-log".to_owned()).stack_size(256 * 1024).spawn(move || {
            reader.read(lines);
            reader.state().phase = Phase::Over;
            let _ = child.wait();
        })?;
        Ok(Self { shared, _reading: reading })
    }

    /// Waits until lines can come, or never will. Returns whether they can.
    pub async fn opened(&self) -> bool {
        let begun = Instant::now();
        while self.shared.phase() == Phase::Opening && begun.elapsed() < OPENING {
            sleep(PAUSE).await;
        }
        self.shared.phase() == Phase::Open
    }

    /// Notes down from here on what is refused to a run.
    pub fn listen(&self, run: u64) -> Listener {
        let mut state = self.shared.state();
        state.runs.insert(run, Heard::default());
        Listener { run, from_its_start: state.phase == Phase::Open, shared: Arc::clone(&self.shared) }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("sandbox", &self.shared.sandbox).finish_non_exhaustive()
    }
}

/// What is refused to a run, noted down until it is dropped.
pub struct Listener {
    shared: Arc<Shared>,
    run: u64,
    from_its_start: bool,
}

impl Listener {
    /// What was refused to the run, which is over, and whether the log was open all the time. When it failed, what may still
    /// come is waited for.
    pub async fn finish(self, failed: bool) -> (Vec<Denial>, bool) {
        let begun = Instant::now();
        let mut before = self.count();
        while failed && self.shared.phase() == Phase::Open && begun.elapsed() < LATEST {
            sleep(QUIET).await;
            let now = self.count();
            if now == before {
                break;
            }
            before = now;
        }
        let mut state = self.shared.state();
        let denials = state.runs.remove(&self.run).map(|heard| heard.denials).unwrap_or_default();
        (denials, self.from_its_start && state.phase == Phase::Open)
    }

    fn count(&self) -> usize {
        self.shared.state().runs.get(&self.run).map_or(0, |heard| heard.denials.len())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.state().runs.remove(&self.run);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Until the log ends.
    fn read(&self, lines: ChildStdout) {
        let mut lines = BufReader::new(lines);
        let mut line = Vec::new();
        let mut is_rest = false;
        loop {
            line.clear();
            let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            let is_whole = line.ends_with(b"\n");
            if is_whole && !is_rest {
                self.note(&line);
            }
            is_rest = !is_whole;
        }
    }

    fn note(&self, line: &[u8]) {
        // The first one says by what the lines are chosen.
        {
            let mut state = self.state();
            if state.phase == Phase::Opening {
                state.phase = Phase::Open;
            }
        }
        let Some(violation) = violation::read(line, &self.sandbox) else { return };
        let Some(kind) = denied::kind(&violation, self.reports) else { return };
        let thing = (kind, violation.object.clone());
        let is_new = |heard: &Heard| heard.denials.len() < MAX_DENIALS && !heard.things.contains(&thing);
        if !self.state().runs.get(&violation.run).is_some_and(is_new) {
            return;
        }
        // It looks at files, which may take its time.
        let denial = denied::explain(kind, &violation, &self.policy);
        if let Some(heard) = self.state().runs.get_mut(&violation.run) {
            heard.things.push(thing);
            heard.denials.push(denial);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use super::{Log, Phase, stream};
    use crate::{ProfileName, SecurityProfile, exec::Denial, sandbox::DenialReports};

    const SANDBOX: &str = "codex.0123";

    /// Prints what the log does first, then the file `lines` of `folder`, and goes on until it is ended.
    fn printing(folder: &Path) -> Vec<String> {
        let script = "echo $$ > $1/pid; echo 'Filtering the log data using \"x\"'; until [ -e $1/lines ]; do /bin/sleep 0.01; done; \
                      while read -r line; do printf '%s\\n' \"$line\"; done < $1/lines; exec /bin/sleep 600";
        ["/bin/sh", "-c", script, "sh", folder.to_str().unwrap()].map(str::to_owned).to_vec()
    }

    fn line(run: u64, tried: &str) -> String {
        let message = format!("Sandbox: sh(4) deny(1) {tried}\\n{SANDBOX}.{run}");
        format!(
            "{{\"processID\":0,\"senderImagePath\":\"/a/Sandbox.kext/Contents/MacOS/Sandbox\",\"eventMessage\":\"{message}\"}}\n"
        )
    }

    fn open(folder: &Path, stream: &[String]) -> Log {
        let policy = SecurityProfile::named(ProfileName::Offline).resolve(folder).unwrap();
        Log::open(SANDBOX.to_owned(), stream, policy, DenialReports::Full).unwrap()
    }

    fn paths(denials: &[Denial]) -> Vec<&str> {
        denials.iter().filter_map(|denial| denial.path.as_deref()).collect()
    }

    #[tokio::test]
    async fn each_run_hears_of_its_own_once_and_of_no_more_than_a_hundred() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), &printing(folder.path()));
        let early = log.listen(3);
        assert!(log.opened().await);
        let (first, second) = (log.listen(1), log.listen(2));
        let mut lines = String::new();
        for (run, tried) in [
            (1, "file-write-create /usr/a"),
            (1, "file-write-data /usr/a"),
            (1, "file-write-create /usr/a"),
            (1, "mach-lookup a.b"),
            (9, "file-write-create /usr/of-nobody"),
            (3, "file-write-create /usr/c"),
            (1, "file-write-create /usr/b"),
        ] {
            lines.push_str(&line(run, tried));
        }
        lines.push_str(&format!("{}\n", "x".repeat(200_000)));
        (0..300).for_each(|number| lines.push_str(&line(2, &format!("file-write-create /usr/{number}"))));
        fs::write(folder.path().join("new"), lines).unwrap();
        fs::rename(folder.path().join("new"), folder.path().join("lines")).unwrap();
        while second.count() < 100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (denials, whole) = second.finish(true).await;
        assert_eq!((denials.len(), whole), (100, true));
        let (denials, whole) = first.finish(false).await;
        assert_eq!((paths(&denials), whole), (vec!["/usr/a", "/usr/b"], true));
        // It began before the log was open: some of its refusals may be missing.
        let (denials, whole) = early.finish(false).await;
        assert_eq!((paths(&denials), whole), (vec!["/usr/c"], false));
        assert!(log.shared.state().runs.is_empty());
    }

    #[test]
    fn only_lines_of_the_kernel_that_name_the_sandbox_are_asked_for() {
        let stream = stream(SANDBOX);
        assert_eq!(stream[..5], ["/usr/bin/log", "stream", "--style", "ndjson", "--predicate"]);
        assert!(stream[5].starts_with("processID == 0 AND ") && stream[5].ends_with("CONTAINS \"codex.0123.\""));
    }

    #[tokio::test]
    async fn what_prints_the_log_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), &printing(folder.path()));
        assert!(log.opened().await);
        let pid: i32 = fs::read_to_string(folder.path().join("pid")).unwrap().trim().parse().unwrap();
        // SAFETY: signal 0 only asks.
        let is_there = || unsafe { libc::kill(pid, 0) } == 0;
        assert!(is_there());
        drop(log);
        while is_there() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_log_that_can_not_be_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for stream in [["/bin/sh", "-c", "echo not allowed >&2; exit 64"], ["/no/such/program", "", ""]] {
            let log = open(folder.path(), &stream.map(str::to_owned));
            assert!(!log.opened().await);
            assert_eq!(log.shared.phase(), Phase::Over);
            let (denials, whole) = log.listen(1).finish(true).await;
            assert_eq!((denials.len(), whole), (0, false));
        }
    }
}
