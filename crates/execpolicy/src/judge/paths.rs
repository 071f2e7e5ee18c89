//! Paths by their text: made absolute against where the line has moved to, dots resolved.

use super::args::{Arg, ArgKind};

/// Where the line stands after the `cd` commands before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cwd {
    /// The folder that the line started in, or one of these below it: a `cd` may fail, or stand in a subshell.
    Workspace(Vec<String>),
    /// A folder named from the root, or from home when it begins with `~`.
    At(String),
    /// Not known before the run.
    Unknown,
}

impl Cwd {
    /// The folder that the line started in.
    pub const START: Self = Self::Workspace(Vec::new());
}

/// Folders below the one that the line started in, at most.
const MAX_BELOW: usize = 16;

/// A path with its dots resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Components below the base; a pattern or unknown rest is cut off, see `open`.
    pub parts: Vec<String>,
    pub base: Base,
    /// The rest isn't known: a pattern or an expansion begins with this text.
    pub open: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    Root,
    Home,
    /// Below the folder that the line started in.
    Workspace,
    /// Above the folder that the line started in.
    Above,
    Unknown,
}

impl Place {
    pub fn path(&self) -> String {
        self.parts.join("/")
    }

    pub fn is_base(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn first(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut own = self.parts.iter();
        prefix.split('/').all(|p| own.next().is_some_and(|o| o == p))
    }
}

/// Resolves a word as a path.
pub(crate) fn place(arg: &Arg, cwd: &Cwd) -> Place {
    let (known, open) = match arg.kind {
        ArgKind::Literal => (arg.text.as_str(), None),
        _ => {
            let fixed = arg.text.get(..arg.fixed).unwrap_or("");
            let cut = fixed.rfind('/').map_or(0, |i| i + 1);
            let rest = arg.text.get(cut..).unwrap_or("");
            (fixed.get(..cut).unwrap_or(""), Some(rest.to_owned()))
        }
    };
    let mut place = resolve(known, arg.home, cwd);
    if arg.fixed == 0 && !arg.is_literal() && arg.kind != ArgKind::Glob {
        place.base = Base::Unknown;
    }
    place.open = open;
    someones_home(place)
}

/// `/home/$USER/x` is a home, whoever's it is.
fn someones_home(mut place: Place) -> Place {
    let homes = place.base == Base::Root && matches!(place.path().as_str(), "home" | "Users");
    let Some(open) = place.open.take_if(|open| homes && open.starts_with('$')) else { return place };
    let rest = open.split_once('/').map_or("", |(_, rest)| rest);
    let fixed = rest.find(['$', '*', '?', '[']).unwrap_or(rest.len());
    let cut =
        if fixed == rest.len() { fixed } else { rest.get(..fixed).and_then(|r| r.rfind('/')).map_or(0, |i| i + 1) };
    let (known, open) = rest.split_at(cut);
    place.parts = known.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    place.open = (!open.is_empty()).then(|| open.to_owned());
    place.base = Base::Home;
    place
}

/// Resolves a text as a path; `home` says that a `~` in front is the home directory.
pub(crate) fn resolve(text: &str, home: bool, cwd: &Cwd) -> Place {
    let (mut base, mut parts, rest) = if home {
        let end = text.find('/').unwrap_or(text.len());
        let rest = text.get(end..).unwrap_or("");
        (Base::Home, Vec::new(), rest)
    } else if text.starts_with('/') {
        (Base::Root, Vec::new(), text)
    } else {
        match cwd {
            Cwd::Workspace(_) => (Base::Workspace, Vec::new(), text),
            Cwd::Unknown => (Base::Unknown, Vec::new(), text),
            Cwd::At(at) => {
                let outer = resolve(at, at.starts_with('~'), &Cwd::START);
                (outer.base, outer.parts, text)
            }
        }
    };
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() && base != Base::Root {
                    base = match base {
                        // The parent of a home directory is where all of them are.
                        Base::Home => {
                            parts.push("home".to_owned());
                            Base::Root
                        }
                        Base::Workspace => Base::Above,
                        other => other,
                    };
                }
            }
            other => parts.push(other.to_owned()),
        }
    }
    home_of_root(Place { parts, base, open: None })
}

/// `/home/name/x` and `/root/x` are homes, whoever's they are.
fn home_of_root(mut place: Place) -> Place {
    if place.base != Base::Root {
        return place;
    }
    let skip = match place.first() {
        "home" | "Users" if place.parts.len() >= 2 => 2,
        "root" => 1,
        _ => return place,
    };
    place.parts.drain(..skip);
    place.base = Base::Home;
    place
}

impl Cwd {
    /// Where `cd` to this word leads.
    pub fn enter(&self, arg: &Arg) -> Self {
        let Some(text) = arg.known() else {
            return Self::Unknown;
        };
        if text == "-" {
            return Self::Unknown;
        }
        let to = resolve(text, arg.home, self);
        match to.base {
            // What is written there has to be known as below it.
            Base::Workspace if to.parts.iter().any(|p| p == ".git") => Self::At(to.path()),
            Base::Workspace => self.below(&to.path()),
            Base::Root => Self::At(format!("/{}", to.path())),
            Base::Home => Self::At(format!("~/{}", to.path())),
            Base::Above | Base::Unknown => Self::Unknown,
        }
    }

    /// All folders that the line may stand in after a `cd` to a path below the one where it stands.
    fn below(&self, path: &str) -> Self {
        let Self::Workspace(before) = self else {
            return Self::Unknown;
        };
        let mut all = before.clone();
        all.push(path.to_owned());
        all.extend(before.iter().map(|b| format!("{b}/{path}")));
        if all.len() > MAX_BELOW { Self::Unknown } else { Self::Workspace(all) }
    }
}
