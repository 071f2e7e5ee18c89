//! The five profile names.

/// Which of the five profiles a policy was resolved from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ProfileName {
    /// Reads everything but secrets, writes nothing but a private tmp, no network.
    #[default]
    Offline,
    /// `Offline` plus outbound network.
    NetReadOnly,
    /// Writes the workspace and a private tmp, no network.
    WorkspaceWrite,
    /// `WorkspaceWrite` plus outbound network.
    WorkspaceNet,
    /// No sandbox.
    Trusted,
}
