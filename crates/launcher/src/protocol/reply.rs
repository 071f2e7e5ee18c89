//! What a launcher tells the engine.

use serde::{Deserialize, Serialize};

use super::{Applied, Refusal, Stage};

/// What a launcher tells the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The sandbox stands. Where it has a `/dev/pts` of its own, a handle of that directory comes with the message.
    Ready(Applied),
    /// The sandbox can't be had; the launcher ends.
    Refused(Refusal),
    /// A cell was made: the socket at which it takes runs comes with the message. The first comes unasked.
    Cell {
        /// Its number.
        cell: u64,
        /// Whether it has control groups.
        grouped: bool,
    },
    /// A cell that was asked for could not be made.
    NoCell {
        /// Whether it was to have control groups.
        grouped: bool,
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
    /// A cell is no more, and nothing of the run that it served.
    Gone {
        /// Its number.
        cell: u64,
        /// The limit that its last run had met.
        limit: Option<Limit>,
    },
    /// A program could not be started.
    Failed {
        /// The run.
        run: u64,
        /// Whether its cell takes another run.
        lasting: bool,
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
    /// A program has started; told of runs that asked for it.
    Started {
        /// The run.
        run: u64,
    },
    /// Something that a run tried is refused. Told once for each run and thing, before the program is.
    Denied {
        /// The run.
        run: u64,
        /// What.
        denied: Denied,
    },
    /// A run is over: its program ended and so did every process that it left behind.
    Exited {
        /// The run.
        run: u64,
        /// Whether its cell takes another run.
        lasting: bool,
        /// How the program ended.
        status: ExitStatus,
        /// The limit that it met.
        limit: Option<Limit>,
    },
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatus {
    /// It ended with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// A limit that a run met, on the kernel's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// The run used up its CPU time.
    CpuTime,
    /// The kernel ended a process of the run for want of memory.
    Memory,
    /// The kernel refused the run a process.
    Processes,
    /// The program was ended for writing a file that is too large.
    FileSize,
    /// The private tmp is full.
    TmpSize,
}

/// Something that a run tried and was refused. Paths and addresses are the program's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// What.
    pub tried: Tried,
    /// By which system call.
    pub syscall: String,
    /// The process, as the launcher sees it.
    pub pid: i32,
    /// The path of the program; empty when it is not known.
    pub program: Vec<u8>,
}

/// What was tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tried {
    /// To change what stands at a path.
    Write(Vec<u8>),
    /// To execute what stands at a path.
    Execute(Vec<u8>),
    /// To connect to an address.
    Connect(std::net::SocketAddr),
    /// To make a socket of the internet, where none can be made.
    MakeSocket,
    /// To connect to a socket that a path may lead to outside: in here it leads to none.
    Socket(Vec<u8>),
}
