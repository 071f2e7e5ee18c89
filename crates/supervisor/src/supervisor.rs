//! Many agents at once, each in its own sandbox.

use codex_core::sandbox::SandboxOptions;
use tokio::task::JoinSet;

use crate::{
    agent::{Agent, AgentReport},
    session::{Approval, Report, RunError, Session},
};

/// Runs agents.
#[derive(Debug, Clone)]
pub struct Supervisor {
    options: SandboxOptions,
}

impl Supervisor {
    /// A supervisor whose sandboxes are made as `options` say.
    pub fn new(options: SandboxOptions) -> Self {
        Self { options }
    }

    /// Runs one agent to its end; its sandbox is gone with everything in it when this returns.
    ///
    /// # Errors
    /// See [`RunError`]: the agent was not run, or its end is not known.
    pub async fn run(&self, agent: Agent) -> Result<Report, RunError> {
        let session = Session::new(&agent.profile, &agent.workspace, self.options.clone())?;
        let report = session.exec(agent.command, Approval::None).1.await;
        session.close().await;
        report
    }

    /// Runs all agents at once; each reports when it is done, in the order in which they end.
    pub async fn run_all(&self, agents: impl IntoIterator<Item = Agent>) -> Vec<AgentReport> {
        let mut running = JoinSet::new();
        for agent in agents {
            let supervisor = self.clone();
            running.spawn_on(
                async move {
                    let name = agent.name.clone();
                    AgentReport { name, result: supervisor.run(agent).await }
                },
                &self.options.runtime,
            );
        }
        let mut reports = Vec::new();
        while let Some(ended) = running.join_next().await {
            // A task that panicked has nothing to report; its sandbox ends with it.
            reports.extend(ended);
        }
        reports
    }
}
