//! What a run may use up.

use std::num::NonZeroU64;

use codex_document::{Mistake, Node};
use schemars::JsonSchema;
use serde::Serialize;

use crate::profile::{ProfileError, read_json};

/// How much a run may use. A key that is missing asks for nothing: the default of the profile holds then, if it has one.
///
/// Unknown keys are errors, and so is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Milliseconds from the start of a run to its end. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_time: Option<NonZeroU64>,
    /// Milliseconds of CPU time, all processors together. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time: Option<NonZeroU64>,
    /// Bytes of memory, the private tmp among it. Default: none; when the machine runs out, its runs are ended first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<NonZeroU64>,
    /// Processes and threads at the same time. Default: 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<NonZeroU64>,
    /// Open files of one process. Default: 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<NonZeroU64>,
    /// Bytes of one file that is written. Default: 64 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<NonZeroU64>,
    /// Bytes of standard output and standard error together, as far as they are captured. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<NonZeroU64>,
    /// Bytes in the private tmp. Not per command. Default: 4 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmp_size: Option<NonZeroU64>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// From the start of a run to its end.
    WallTime,
    /// All processors together.
    CpuTime,
    /// The private tmp among it.
    Memory,
    /// Processes and threads at the same time.
    Processes,
    /// Of one process.
    OpenFiles,
    /// Of one file.
    FileSize,
    /// Standard output and standard error together.
    Output,
    /// All files of the private tmp.
    TmpSize,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WallTime,
        Self::CpuTime,
        Self::Memory,
        Self::Processes,
        Self::OpenFiles,
        Self::FileSize,
        Self::Output,
        Self::TmpSize,
    ];

    /// Its name in a table of limits.
    fn name(self) -> &'static str {
        self.key().trim_start_matches("limits.")
    }

    /// Its key in a profile.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::WallTime => "limits.wallTime",
            Self::CpuTime => "limits.cpuTime",
            Self::Memory => "limits.memory",
            Self::Processes => "limits.processes",
            Self::OpenFiles => "limits.openFiles",
            Self::FileSize => "limits.fileSize",
            Self::Output => "limits.output",
            Self::TmpSize => "limits.tmpSize",
        }
    }
}

const GIB: u64 = 1024 * 1024 * 1024;

impl Limits {
    /// What holds in the restricted profiles where nothing else was asked for.
    pub const DEFAULT: Self = Self {
        wall_time: None,
        cpu_time: None,
        memory: None,
        processes: NonZeroU64::new(4096),
        open_files: NonZeroU64::new(65_536),
        file_size: NonZeroU64::new(64 * GIB),
        output: None,
        tmp_size: NonZeroU64::new(4 * GIB),
    };

    /// The limits of a JSON text.
    ///
    /// # Errors
    /// Names the key, the line and the column of what is not JSON, unknown, or of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        read_json(text, Self::read)
    }

    /// What a document says. `null` stands for a key that isn't there.
    pub(crate) fn read(node: &Node) -> Result<Self, Mistake> {
        let mut limits = Self::default();
        let named = Limit::ALL.map(Limit::name);
        node.table(&named, &mut |key, node| {
            let value = if node.is_null() { None } else { Some(node.number()?) };
            if value == Some(0) {
                return Err(node.mistake("0 lets nothing run; leave the key out for no limit"));
            }
            for limit in Limit::ALL.into_iter().filter(|limit| limit.name() == key) {
                limits.set(limit, value.unwrap_or_default());
            }
            Ok(())
        })?;
        Ok(limits)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::WallTime => self.wall_time,
            Limit::CpuTime => self.cpu_time,
            Limit::Memory => self.memory,
            Limit::Processes => self.processes,
            Limit::OpenFiles => self.open_files,
            Limit::FileSize => self.file_size,
            Limit::Output => self.output,
            Limit::TmpSize => self.tmp_size,
        }
        .map(NonZeroU64::get)
    }

    /// Sets one of them; 0 takes it away.
    pub fn set(&mut self, limit: Limit, value: u64) {
        let value = NonZeroU64::new(value);
        match limit {
            Limit::WallTime => self.wall_time = value,
            Limit::CpuTime => self.cpu_time = value,
            Limit::Memory => self.memory = value,
            Limit::Processes => self.processes = value,
            Limit::OpenFiles => self.open_files = value,
            Limit::FileSize => self.file_size = value,
            Limit::Output => self.output = value,
            Limit::TmpSize => self.tmp_size = value,
        }
    }

    /// Those that are set.
    pub fn iter(&self) -> impl Iterator<Item = (Limit, u64)> + '_ {
        Limit::ALL.into_iter().filter_map(|limit| Some((limit, self.get(limit)?)))
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, and those of `others` where none is set.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (limit, value) in others.iter() {
            if self.get(limit).is_none() {
                self.set(limit, value);
            }
        }
        self
    }

    /// The first that `held` has at a lower value.
    #[must_use]
    pub fn first_above(&self, held: &Self) -> Option<Limit> {
        self.iter().find(|&(limit, value)| held.get(limit).is_some_and(|held| value > held)).map(|(limit, _)| limit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, Limits};

    #[test]
    fn each_limit_has_a_place_of_its_own() {
        for limit in Limit::ALL {
            let mut limits = Limits::default();
            limits.set(limit, 7);
            assert_eq!(limits.iter().collect::<Vec<_>>(), [(limit, 7)]);
            let json = serde_json::to_value(limits).unwrap();
            let key = limit.key().strip_prefix("limits.").unwrap();
            assert_eq!(json[key], 7, "{key}");
            assert_eq!(serde_json::to_value(limit).unwrap(), key);
        }
    }

    #[test]
    fn what_was_asked_goes_before_the_default() {
        let mut asked = Limits::default();
        asked.set(Limit::Processes, 5000);
        let all = asked.or(&Limits::DEFAULT);
        assert_eq!(all.get(Limit::Processes), Some(5000));
        assert_eq!(all.get(Limit::OpenFiles), Limits::DEFAULT.get(Limit::OpenFiles));
        assert_eq!(all.first_above(&Limits::DEFAULT), Some(Limit::Processes));
        assert_eq!(Limits::DEFAULT.first_above(&all), None);
    }
}
