//! Where a program is looked for.

/// What is tried where `PATHEXT` is not set.
pub const DEFAULT_PATHEXT: &str = ".COM;.EXE;.BAT;.CMD";

/// The paths that a program's name stands for, in the order in which they are tried.
///
/// Nothing is looked for in the working directory, nor below a relative entry of `PATH`: the run may write there, and what it
/// puts there would be taken for a tool of the system's.
pub fn candidates(program: &str, directory: &str, path: &str, pathext: &str) -> Vec<String> {
    let folders: Vec<String> = if is_path(program) {
        vec![absolute(directory, program)]
    } else {
        let entries = path.split(';').map(|entry| entry.trim_matches('"'));
        entries.filter(|entry| is_absolute(entry)).map(|entry| join(entry, program)).collect()
    };
    folders.iter().flat_map(|file| with_extensions(file, pathext)).collect()
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// What the Store puts into `PATH` for an app: a link to it that nothing but the system's own start of a program follows.
    Alias,
}

/// The first file among `candidates`, or, where there is none, the first alias.
pub fn choose(candidates: Vec<String>, kind: impl Fn(&str) -> Option<Kind>) -> Option<(String, Kind)> {
    let mut alias = None;
    for candidate in candidates {
        match kind(&candidate) {
            Some(Kind::File) => return Some((candidate, Kind::File)),
            Some(Kind::Alias) => alias = alias.or(Some(candidate)),
            None => {}
        }
    }
    alias.map(|alias| (alias, Kind::Alias))
}

/// Whether a name says where its file is.
fn is_path(program: &str) -> bool {
    program.contains(['/', '\\', ':'])
}

/// Of a drive's root or of a share. `\x` and `C:x` rest on the process's own drive and directories.
fn is_absolute(path: &str) -> bool {
    match path.as_bytes() {
        [b'/' | b'\\', b'/' | b'\\', ..] => true,
        [drive, b':', b'/' | b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

fn absolute(directory: &str, path: &str) -> String {
    if is_absolute(path) { path.to_owned() } else { join(directory, path) }
}

fn join(folder: &str, name: &str) -> String {
    let folder = folder.trim_end_matches(['/', '\\']);
    format!("{folder}\\{}", name.trim_start_matches("./").trim_start_matches(".\\"))
}

/// A name with an extension stands for itself first.
fn with_extensions<'a>(file: &'a str, pathext: &'a str) -> impl Iterator<Item = String> + 'a {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let exact = name.contains('.').then(|| file.to_owned());
    let extensions =
        pathext.split(';').map(str::trim).filter(|extension| extension.len() > 1 && extension.starts_with('.'));
    exact.into_iter().chain(extensions.map(move |extension| format!("{file}{}", extension.to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_PATHEXT, Kind, candidates, choose};

    fn tried(program: &str, path: &str) -> Vec<String> {
        candidates(program, r"C:\work", path, DEFAULT_PATHEXT)
    }

    #[test]
    fn a_name_is_looked_for_in_path_with_every_extension() {
        assert_eq!(
            tried("git", r#"C:\Git\bin\;"D:\my tools""#),
            [
                r"C:\Git\bin\git.com",
                r"C:\Git\bin\git.exe",
                r"C:\Git\bin\git.bat",
                r"C:\Git\bin\git.cmd",
                r"D:\my tools\git.com",
                r"D:\my tools\git.exe",
                r"D:\my tools\git.bat",
                r"D:\my tools\git.cmd"
            ]
        );
        assert_eq!(tried("node.exe", r"C:\n")[0], r"C:\n\node.exe");
        assert_eq!(candidates("a", "C:\\", r"\\server\tools", ".EXE; ;.;x"), [r"\\server\tools\a.exe"]);
    }

    #[test]
    fn what_the_run_may_write_is_not_looked_into() {
        for path in ["", ".", "node_modules\\.bin", "\\tools", "C:tools", ";;"] {
            assert_eq!(tried("git", path), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_file_is_taken_before_an_alias_that_comes_first() {
        let kind = |path: &str| match path {
            r"C:\apps\pwsh.exe" => Some(Kind::Alias),
            r"C:\PowerShell\pwsh.exe" => Some(Kind::File),
            _ => None,
        };
        let chosen = |path: &str| choose(tried("pwsh", path), kind);
        let alias = Some((r"C:\apps\pwsh.exe".to_owned(), Kind::Alias));
        assert_eq!(chosen(r"C:\apps;C:\PowerShell"), Some((r"C:\PowerShell\pwsh.exe".to_owned(), Kind::File)));
        assert_eq!(chosen(r"C:\apps"), alias);
        assert_eq!(chosen(r"C:\none"), None);
    }

    #[test]
    fn a_path_is_one() {
        assert_eq!(tried(r".\tool.exe", "C:\\n")[0], r"C:\work\tool.exe");
        assert_eq!(tried("bin/tool", "")[1], r"C:\work\bin/tool.exe");
        assert_eq!(tried(r"D:\tool.exe", "")[0], r"D:\tool.exe");
    }
}
