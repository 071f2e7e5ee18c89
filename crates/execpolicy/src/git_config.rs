//! Which programs git would run for a command that only reads.
//!
//! A repository can name programs that `git status`, `diff`, `log` or `blame` run: monitors, filters, drivers, hooks. They
//! are found as programs on a search path are, by looking where git looks. Settings of the user and of the system are
//! their own choice, except filters and monitors, which a repository can point at files of its own.

use std::path::{Path, PathBuf};

/// Files that include others, at most.
const MAX_FILES: usize = 64;
/// The largest file that is read.
const MAX_BYTES: u64 = 256 * 1024;

/// Where git's settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitConfig {
    global: Option<Vec<PathBuf>>,
}

impl GitConfig {
    /// The settings of this machine and user, and of the repository that a command runs in.
    #[must_use]
    pub fn from_env() -> Self {
        let mut files = vec![
            PathBuf::from("/etc/gitconfig"),
            PathBuf::from("/usr/local/etc/gitconfig"),
            PathBuf::from("/opt/homebrew/etc/gitconfig"),
        ];
        if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
            let config = std::env::var_os("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
            files.push(config.join("git/config"));
            files.push(home.join(".gitconfig"));
        }
        Self { global: Some(files) }
    }

    /// Reads the given files in place of those of the machine and the user.
    #[must_use]
    pub fn with_global(files: Vec<PathBuf>) -> Self {
        Self { global: Some(files) }
    }

    /// Takes for granted that no helper is configured, and looks nowhere.
    #[must_use]
    pub fn assume_no_helpers() -> Self {
        Self { global: None }
    }

    /// Whether settings are looked at.
    pub(crate) fn looks(&self) -> bool {
        self.global.is_some()
    }

    /// Why a reading command may run a helper, when started in a folder.
    pub(crate) fn helper(&self, start: Option<&Path>, contents: bool) -> Option<String> {
        let global = self.global.as_ref()?;
        let mut scan = Scan { contents, files: 0, own: false, found: None, hooks: None };
        for file in global {
            scan.file(file);
        }
        if let Some(repository) = start.and_then(repository) {
            scan.own = true;
            scan.repository(&repository);
        }
        scan.found
    }
}

struct Repository {
    work_tree: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
}

/// The repository that a folder belongs to.
fn repository(start: &Path) -> Option<Repository> {
    for dir in start.ancestors() {
        let dot = dir.join(".git");
        let Ok(meta) = std::fs::metadata(&dot) else {
            // A bare repository is one without `.git` around it.
            if dir.join("HEAD").is_file() && dir.join("objects").is_dir() && dir.join("refs").is_dir() {
                return Some(Repository { work_tree: dir.into(), git_dir: dir.into(), common_dir: dir.into() });
            }
            continue;
        };
        let git_dir = if meta.is_dir() {
            dot
        } else {
            let text = read(&dot)?;
            dir.join(text.trim().strip_prefix("gitdir:")?.trim())
        };
        let common_dir = read(&git_dir.join("commondir")).map_or_else(|| git_dir.clone(), |c| git_dir.join(c.trim()));
        return Some(Repository { work_tree: dir.into(), git_dir, common_dir });
    }
    None
}

fn read(path: &Path) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

struct Scan {
    contents: bool,
    files: usize,
    /// Whether the settings belong to the repository rather than to the user.
    own: bool,
    found: Option<String>,
    hooks: Option<String>,
}

impl Scan {
    fn repository(&mut self, repository: &Repository) {
        self.file(&repository.common_dir.join("config"));
        self.file(&repository.git_dir.join("config.worktree"));
        if !self.contents {
            return;
        }
        // Refreshing the index runs one hook.
        let hooks =
            self.hooks.take().map_or_else(|| repository.common_dir.join("hooks"), |h| repository.work_tree.join(h));
        if hooks.join("post-index-change").exists() {
            self.report("the hook `post-index-change` runs when git looks at files");
        }
        // Status and diff look into submodules, with the settings of each.
        let mut folders = vec![repository.common_dir.join("modules")];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if path.join("HEAD").is_file() {
                    self.file(&path.join("config"));
                    if path.join("hooks/post-index-change").exists() {
                        self.report("a hook of a submodule runs when git looks at files");
                    }
                    folders.push(path.join("modules"));
                } else if path.is_dir() {
                    folders.push(path);
                }
                if folders.len() + self.files > MAX_FILES {
                    self.report("the repository has more submodules than are looked at");
                    return;
                }
            }
        }
    }

    fn report(&mut self, why: impl Into<String>) {
        self.found.get_or_insert_with(|| why.into());
    }

    /// Reads a file and those that it includes.
    fn file(&mut self, path: &Path) {
        let mut queue = vec![path.to_owned()];
        while let Some(path) = queue.pop() {
            self.files += 1;
            if self.files > MAX_FILES {
                self.report("git's settings are in more files than are looked at");
                return;
            }
            if !path.exists() {
                continue;
            }
            let Some(text) = read(&path) else {
                self.report(format!("git's settings in `{}` can't be read", path.display()));
                continue;
            };
            for (key, value) in settings(&text) {
                if let Some(included) =
                    key.strip_prefix("include").filter(|k| k.ends_with(".path")).map(|_| value.clone())
                {
                    let included = match (included.strip_prefix("~/"), std::env::var_os("HOME")) {
                        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
                        _ => path.parent().unwrap_or(Path::new("/")).join(included),
                    };
                    queue.push(included);
                } else {
                    self.setting(&key, &value);
                }
            }
        }
    }

    fn setting(&mut self, key: &str, value: &str) {
        let last = key.rsplit('.').next().unwrap_or(key);
        let off = matches!(value.to_ascii_lowercase().as_str(), "" | "false" | "no" | "off" | "0");
        let on = matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1");
        let dangerous = match key {
            "core.fsmonitor" => self.contents && !off && !on,
            "core.hookspath" => {
                self.hooks = Some(value.to_owned());
                false
            }
            "core.worktree" => self.own,
            "core.pager" => self.own && !matches!(value, "" | "cat" | "less" | "less -FRX"),
            "diff.external" => self.contents && self.own && !off,
            "extensions.partialclone" => self.own,
            _ if key.starts_with("pager.") => self.own && !off && !on,
            _ if key.starts_with("diff.") && matches!(last, "textconv" | "command") => self.contents && self.own,
            // A filter of the user runs on files that the repository chooses; the usual one is known.
            _ if key.starts_with("filter.") && matches!(last, "clean" | "smudge" | "process") => {
                self.contents && !off && (self.own || !value.starts_with("git-lfs "))
            }
            _ if key.starts_with("gpg.") && last == "program" => self.own,
            _ if key.starts_with("remote.") && matches!(last, "promisor" | "partialclonefilter") => self.own && !off,
            "log.showsignature" => self.own && !off,
            _ => false,
        };
        if dangerous {
            self.report(format!("the git setting `{key}` names a program or another place"));
        }
    }
}

/// The settings of a file, keys in lower case but for the middle part.
fn settings(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        while line.ends_with('\\') {
            line.pop();
            let Some(next) = lines.next() else { break };
            line.push_str(next.trim());
        }
        let mut rest = line.as_str();
        if let Some(head) = rest.strip_prefix('[') {
            let Some(end) = head.find(']') else { continue };
            let inner = head.get(..end).unwrap_or("");
            section = match inner.split_once(char::is_whitespace) {
                Some((name, sub)) => format!("{}.{}", name.to_ascii_lowercase(), sub.trim().trim_matches('"')),
                None => inner.to_ascii_lowercase(),
            };
            // A setting may stand behind the head of its section.
            rest = head.get(end + 1..).unwrap_or("").trim();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        found.push((
            format!("{section}.{}", name.trim().to_ascii_lowercase()),
            value.trim().trim_matches('"').to_owned(),
        ));
    }
    found
}
