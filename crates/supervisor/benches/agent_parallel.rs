//! What agents cost. An agent is a sandboxed command under a policy of its own.
//!
//! ```text
//! cargo bench --package codex-supervisor
//! ```
#![expect(clippy::expect_used, reason = "a benchmark has nobody to hand an error to: one that can't run must end")]

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use codex_core::{
    exec::{Command, End},
    profile::{ProfileName, SecurityProfile},
    sandbox::{DenialReports, Requirement, SandboxOptions},
};
use codex_supervisor::{Agent, Approval, Report, Session, Supervisor};
use criterion::{Criterion, Throughput};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

const PARALLEL_AGENTS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new()?;
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(6))
        .configure_from_args();
    bench_cold_start(&mut criterion, &bench);
    bench_parallel_agents(&mut criterion, &bench);
    bench_single_agent(&mut criterion, &bench);
    bench_high_throughput(&mut criterion, &bench);
    criterion.final_summary();
    Ok(())
}

/// From nothing to the end of the first command: a supervisor, its sandbox, the command, and the sandbox gone again.
fn bench_cold_start(criterion: &mut Criterion, bench: &Bench) {
    criterion.bench_function("bench_cold_start", |bencher| {
        bencher.to_async(&bench.runtime).iter(|| async {
            let supervisor = Supervisor::new(bench.options.clone());
            succeeded(&supervisor.run(bench.agent(0)).await.expect("the agent runs"));
        });
    });
}

/// Agents at once, each in a sandbox that is made for it and gone at its end.
fn bench_parallel_agents(criterion: &mut Criterion, bench: &Bench) {
    let supervisor = Supervisor::new(bench.options.clone());
    let mut group = criterion.benchmark_group("bench_parallel_agents");
    group.throughput(Throughput::Elements(PARALLEL_AGENTS as u64));
    group.bench_function(PARALLEL_AGENTS.to_string(), |bencher| {
        bencher.to_async(&bench.runtime).iter(|| async {
            let reports = supervisor.run_all((0..PARALLEL_AGENTS).map(|number| bench.agent(number))).await;
            assert_eq!(reports.len(), PARALLEL_AGENTS);
            for report in reports {
                succeeded(&report.result.expect("the agent runs"));
            }
        });
    });
    group.finish();
}

/// One command after another in a sandbox that stands.
fn bench_single_agent(criterion: &mut Criterion, bench: &Bench) {
    let session = bench.session(0);
    criterion.bench_function("bench_single_agent", |bencher| {
        bencher.to_async(&bench.runtime).iter(|| run(&session));
    });
    bench.runtime.block_on(session.close());
}

/// Commands per second of agents whose sandboxes stand; all agents run at once, each under its own policy.
fn bench_high_throughput(criterion: &mut Criterion, bench: &Bench) {
    const COMMANDS_PER_AGENT: usize = 8;

    let sessions: Vec<Session> = (0..PARALLEL_AGENTS).map(|number| bench.session(number)).collect();
    let mut group = criterion.benchmark_group("bench_high_throughput");
    group.throughput(Throughput::Elements((PARALLEL_AGENTS * COMMANDS_PER_AGENT) as u64));
    group.bench_function(PARALLEL_AGENTS.to_string(), |bencher| {
        bencher.to_async(&bench.runtime).iter(|| async {
            let mut running = JoinSet::new();
            for session in &sessions {
                let session = session.clone();
                running.spawn(async move {
                    for _ in 0..COMMANDS_PER_AGENT {
                        run(&session).await;
                    }
                });
            }
            while let Some(ended) = running.join_next().await {
                ended.expect("no command fails");
            }
        });
    });
    group.finish();
    for session in &sessions {
        bench.runtime.block_on(session.close());
    }
}

/// What all benchmarks share.
struct Bench {
    runtime: Runtime,
    options: SandboxOptions,
    profile: SecurityProfile,
    /// One for each agent: a policy names its workspace.
    workspaces: Vec<TempDir>,
}

impl Bench {
    fn new() -> Result<Self, Box<dyn Error>> {
        // As in the addon: one thread watches sockets and pipes.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let directory = env!("CARGO_TARGET_TMPDIR");
        fs::create_dir_all(directory)?;
        Ok(Self {
            options: SandboxOptions {
                denials: DenialReports::default(),
                launcher: find_launcher()?,
                requirement: Requirement::Required,
                runtime: runtime.handle().clone(),
            },
            runtime,
            profile: SecurityProfile::named(ProfileName::WorkspaceWrite),
            workspaces: (0..PARALLEL_AGENTS).map(|_| TempDir::new_in(directory)).collect::<Result<_, _>>()?,
        })
    }

    fn agent(&self, number: usize) -> Agent {
        Agent {
            name: format!("agent {number}"),
            profile: self.profile.clone(),
            workspace: self.workspaces[number].path().to_owned(),
            command: Command::new("/bin/true"),
        }
    }

    /// A session whose sandbox stands.
    fn session(&self, number: usize) -> Session {
        let session = Session::new(&self.profile, self.workspaces[number].path(), self.options.clone())
            .expect("the profile fits the workspace");
        self.runtime.block_on(session.prepare()).expect("this machine can hold the profile");
        session
    }
}

async fn run(session: &Session) {
    let report = session.exec(Command::new("/bin/true"), Approval::None).1.await;
    succeeded(&report.expect("the command runs"));
}

fn succeeded(report: &Report) {
    assert_eq!(report.outcome.end, End::Code(0), "{report:?}");
}

/// `CODEX_LAUNCHER`; else the launcher of the package, which is static; else the one beside this benchmark.
fn find_launcher() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(given) = env::var_os("CODEX_LAUNCHER") {
        let given = PathBuf::from(given);
        return match given.is_file() {
            true => Ok(given),
            false => Err(format!("CODEX_LAUNCHER is no file: {}", given.display()).into()),
        };
    }
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../npm").join(format!("{}-{machine}", env::consts::OS));
    // The benchmark lies in `deps`, below the programs of its profile.
    let benchmark = env::current_exe()?;
    let programs = benchmark.ancestors().nth(2).map(Path::to_owned);
    [Some(package), programs]
        .into_iter()
        .flatten()
        .map(|directory| directory.join("codex-launcher"))
        .find(|launcher| launcher.is_file())
        .ok_or_else(|| {
            "there is no codex-launcher; build it with `npm run build`, or with \
             `cargo build --release -p codex-launcher`, or name one in CODEX_LAUNCHER"
                .into()
        })
}
