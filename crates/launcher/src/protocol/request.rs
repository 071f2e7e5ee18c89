//! What the engine asks of a launcher that is ready, and of its cells.

use serde::{Deserialize, Serialize};

/// What the engine asks of a launcher that is ready. Runs are no matter of its: the engine sends a [`RunRequest`] to a cell.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Make one more cell, for runs with control groups or without.
    Cell {
        /// Whether it has control groups.
        grouped: bool,
    },
    /// From now on, hold the limits of runs that ask for it by control groups; their directories come with the message.
    ControlGroups(ControlGroups),
    /// Send a signal to a run. `SIGKILL` ends its whole tree at once.
    Signal {
        /// The cell that was given the run.
        cell: u64,
        /// The run.
        run: u64,
        /// The signal's number.
        signal: i32,
    },
}

/// One program to start, sent to a cell that waits for a run.
///
/// `strings` holds the NUL-terminated working directory, then `candidates` paths to try in turn, then
/// `arguments` arguments, then `variables` environment entries. The program starts when the engine has closed its own copies
/// of the descriptors and says so, by [`release`](crate::channel::release): nobody but the program has them then.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRequest<'a> {
    /// A number that the engine chose; it stands in every reply about the run.
    pub run: u64,
    /// How many paths to try as the program.
    pub candidates: u32,
    /// How many arguments, the program's name included.
    pub arguments: u32,
    /// How many environment entries.
    pub variables: u32,
    /// What it may use.
    pub limits: RunLimits,
    /// The numbers that the descriptors of the message have in the program: the standard ones, then the declared ones.
    #[serde(borrow)]
    pub targets: Bytes<'a>,
    /// Which of these numbers is the program's controlling terminal.
    pub terminal: Option<u8>,
    /// Whether to tell when the program has started.
    pub announce: bool,
    /// Whether a file of no known format is a script for `/bin/sh`.
    pub scripts_by_shell: bool,
    /// All of them.
    #[serde(borrow)]
    pub strings: Bytes<'a>,
}

/// The control groups of a sandbox, one for each directory that came with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlGroups {
    /// The name that each of the directories has in its parent, for their end.
    pub name: Vec<u8>,
    /// What each is for.
    pub hierarchies: Vec<Hierarchy>,
}

/// What one directory of control groups is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    /// Which interface the files in it have.
    pub version: GroupVersion,
    /// It limits memory.
    pub memory: bool,
    /// It limits processes.
    pub processes: bool,
    /// It counts CPU time.
    pub cpu: bool,
}

/// The interface of a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupVersion {
    /// One tree for each kind of limit.
    One,
    /// One tree for all of them.
    Two,
}

/// The limits of one run; 0: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    /// Whether the run takes a cell with control groups, which then hold the first three as far as they can.
    pub grouped: bool,
    /// Milliseconds of CPU time.
    pub cpu_time: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Open files of a process.
    pub open_files: u64,
    /// Bytes of a file.
    pub file_size: u64,
}

/// Bytes that are encoded in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Bytes)
    }
}
