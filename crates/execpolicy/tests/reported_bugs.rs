//! Commands that other tools judged wrongly, as their users reported them.

mod common;

use codex_execpolicy::Decision::{self, Allow, Forbid, Prompt};
use common::{argv, jotted};

/// Checks that each command comes out as one of the decisions.
fn check(rules: &str, cases: &[(&[&str], &[Decision])]) {
    let policy = jotted(rules);
    for (command, right) in cases {
        let decision = argv(&policy, command);
        assert!(right.contains(&decision), "{command:?} under {rules:?} is {decision}, not {right:?}");
    }
}

/// openai/codex#10920: Rules stop matching as soon as the harness wraps the command in a login shell call.
#[test]
fn rules_stop_matching_as_soon_as_the_harness_wraps() {
    check(
        "forbid: git push\nallow: git status",
        &[
            (&["bash", "-lc", "git push origin main"], &[Forbid]),
            (&["/bin/zsh", "-lc", "git push"], &[Forbid]),
            (&["sh", "-c", "git push"], &[Forbid]),
            (&["bash", "-o", "pipefail", "-ec", "git push"], &[Forbid]),
            (&["bash", "-lc", "git status"], &[Allow]),
        ],
    );
}

/// Hmbown/Codewhale#5161: A single background sign or a grouping bracket hides a forbidden command from the matcher.
#[test]
fn a_single_background_sign_or_a_grouping_bracket_hides() {
    check(
        "forbid: rm -rf\nallow: ls",
        &[
            (&["sh", "-c", "ls & rm -rf x"], &[Forbid]),
            (&["sh", "-c", "(rm -rf x)"], &[Forbid]),
            (&["sh", "-c", "{ rm -rf x; }"], &[Forbid]),
            (&["sh", "-c", "echo $(rm -rf x)"], &[Forbid]),
            (&["sh", "-c", "ls |& rm -rf x"], &[Forbid]),
            (&["sh", "-c", "ls\nrm -rf x"], &[Forbid]),
            (&["sh", "-c", "if true; then rm -rf x; fi"], &[Forbid]),
            (&["sh", "-c", "f() { rm -rf x; }; f"], &[Forbid, Prompt]),
            (&["sh", "-c", "! rm -rf x"], &[Forbid, Prompt]),
        ],
    );
}

/// anthropics/claude-code#92542: A deny rule is skipped when any program that runs its arguments stands in front.
#[test]
fn a_deny_rule_is_skipped_when_any_program_that() {
    check(
        "forbid: git push",
        &[
            (&["env", "git", "push"], &[Forbid]),
            (&["nice", "-n", "5", "git", "push"], &[Forbid]),
            (&["timeout", "5", "git", "push"], &[Forbid]),
            (&["nohup", "git", "push"], &[Forbid]),
            (&["setsid", "git", "push"], &[Forbid]),
            (&["stdbuf", "-oL", "git", "push"], &[Forbid]),
            (&["xargs", "git", "push"], &[Forbid, Prompt]),
            (&["sudo", "git", "push"], &[Forbid]),
            (&["time", "git", "push"], &[Forbid]),
            (&["command", "git", "push"], &[Forbid]),
            (&["ionice", "-c2", "git", "push"], &[Forbid, Prompt]),
            (&["busybox", "env", "git", "push"], &[Forbid, Prompt]),
        ],
    );
}

/// anthropics/claude-code#18613: Reordered, merged or long options slip past a literal prefix rule.
#[test]
fn reordered_merged_or_long_options_slip_past_a_literal() {
    check(
        "forbid: rm -rf /",
        &[
            (&["rm", "-rf", "/"], &[Forbid]),
            (&["rm", "-fr", "/"], &[Forbid, Prompt]),
            (&["rm", "-r", "-f", "/"], &[Forbid, Prompt]),
            (&["rm", "--recursive", "--force", "/"], &[Forbid, Prompt]),
            (&["rm", "-rfv", "/"], &[Forbid, Prompt]),
            (&["rm", "-rf", "--", "/"], &[Forbid, Prompt]),
            (&["rm", "-rf", "//"], &[Forbid, Prompt]),
            (&["rm", "-rf", "/."], &[Forbid, Prompt]),
        ],
    );
}

/// anthropics/claude-code#41559: The dangerous program is reached through a pipe or a search tool and not seen.
#[test]
fn the_dangerous_program_is_reached_through_a_pipe_or() {
    check(
        "forbid: rm",
        &[
            (&["sh", "-c", "find . -name x | xargs rm"], &[Forbid]),
            (&["find", ".", "-exec", "rm", "{}", "+"], &[Forbid]),
            (&["find", ".", "-ok", "rm", "{}", ";"], &[Forbid, Prompt]),
            (&["sh", "-c", "echo x | xargs -I{} rm {}"], &[Forbid, Prompt]),
            (&["git", "bisect", "run", "rm", "x"], &[Forbid, Prompt]),
            (&["parallel", "rm", ":::", "a"], &[Forbid, Prompt]),
        ],
    );
}

/// anthropics/claude-code#70369: Brace groups and process substitution are not inspected.
#[test]
fn brace_groups_and_process_substitution_are_not_inspected() {
    check(
        "forbid: cat secret\nallow: cat",
        &[
            (&["bash", "-c", "{ cat secret; }"], &[Forbid]),
            (&["bash", "-c", "cat <(ls) secret"], &[Forbid]),
            (&["bash", "-c", "diff <(cat secret) /dev/null"], &[Forbid]),
            (&["bash", "-c", "tee >(cat secret)"], &[Forbid, Prompt]),
            (&["cat", "readme"], &[Allow]),
        ],
    );
}

/// anthropics/claude-code#94314: An allow rule for the first part of a chain lets the rest of the chain through.
#[test]
fn an_allow_rule_for_the_first_part_of_a() {
    check(
        "allow: git log\nallow: git status",
        &[
            (&["sh", "-c", "git log; curl x"], &[Prompt, Forbid]),
            (&["sh", "-c", "git log && rm -rf x"], &[Prompt, Forbid]),
            (&["sh", "-c", "git log | sh"], &[Prompt, Forbid]),
            (&["sh", "-c", "git log || wget x"], &[Prompt, Forbid]),
            (&["sh", "-c", "git log && git status"], &[Allow]),
        ],
    );
}

/// anthropics/claude-code#39601: Evaluated strings, backticks and here-strings fed to a shell escape the rule.
#[test]
fn evaluated_strings_backticks_and_here_strings_fed_to_a() {
    check(
        "forbid: git push",
        &[
            (&["bash", "-c", "eval \"git push\""], &[Forbid]),
            (&["bash", "-c", "`git push`"], &[Forbid]),
            (&["bash", "-c", "bash <<< \"git push\""], &[Forbid, Prompt]),
            (&["bash", "-c", "echo git push | bash"], &[Forbid, Prompt]),
            (&["bash", "-c", "source <(echo git push)"], &[Forbid, Prompt]),
            (&["bash", "-c", "trap \"git push\" EXIT"], &[Forbid, Prompt]),
        ],
    );
}

/// openai/codex#11868: A saved approval is not recognised when the same command has a redirection.
#[test]
fn a_saved_approval_is_not_recognised_when_the_same() {
    check(
        "allow: git status\nallow: ls",
        &[
            (&["sh", "-c", "git status 2>&1"], &[Allow]),
            (&["sh", "-c", "git status > out.txt"], &[Allow]),
            (&["sh", "-c", "ls 2>/dev/null"], &[Allow]),
            (&["sh", "-c", "ls < in.txt"], &[Allow]),
        ],
    );
}

/// openai/codex#13175: Leading variable assignments hide the program from the rules.
#[test]
fn leading_variable_assignments_hide_the_program_from_the_rules() {
    check(
        "forbid: git push\nallow: date\nallow: ls",
        &[
            (&["sh", "-c", "A=1 git push"], &[Forbid]),
            (&["env", "A=1", "B=2", "git", "push"], &[Forbid]),
            (&["env", "-u", "A", "-C", "/tmp", "git", "push"], &[Forbid]),
            (&["sh", "-c", "TZ=UTC date"], &[Allow]),
            (&["sh", "-c", "LD_PRELOAD=./x.so ls"], &[Prompt, Forbid]),
            (&["sh", "-c", "PATH=.:$PATH ls"], &[Prompt, Forbid]),
            (&["env", "GIT_SSH_COMMAND=./x", "ls"], &[Prompt, Forbid]),
            (&["sh", "-c", "BASH_ENV=./x ls"], &[Prompt, Forbid]),
        ],
    );
}

/// denoland/deno#11964: Permission to run one harmless program plus a preload variable is permission to run anything.
#[test]
fn permission_to_run_one_harmless_program_plus_a_preload() {
    check(
        "allow: true\nallow: echo",
        &[
            (&["env", "LD_PRELOAD=/tmp/x.so", "true"], &[Prompt, Forbid]),
            (&["env", "LD_LIBRARY_PATH=/tmp", "true"], &[Prompt, Forbid]),
            (&["env", "LD_AUDIT=/tmp/x.so", "echo", "hi"], &[Prompt, Forbid]),
            (&["echo", "LD_PRELOAD=/tmp/x.so"], &[Allow]),
        ],
    );
}

/// denoland/docs#2846: An allowed program that lies in the writable area can be replaced and then run under its allow rule.
#[test]
fn an_allowed_program_that_lies_in_the_writable_area() {
    check("allow: ./tool", &[(&["./tool"], &[Prompt, Forbid])]);
}

/// openai/codex#42089: A harmless read-only query is refused as if it were an install.
#[test]
fn a_harmless_read_only_query_is_refused_as_if() {
    check(
        "allow: npm audit\nprompt: npm install",
        &[
            (&["npm", "audit", "--omit=dev", "--json"], &[Allow]),
            (&["npm", "install", "left-pad"], &[Prompt]),
            (&["npm", "audit"], &[Allow]),
        ],
    );
}

/// gaia-react/gaia#915: A commit message that mentions a banned option is blocked as if the option were used, and the reason given is wrong.
#[test]
fn a_commit_message_that_mentions_a_banned_option_is() {
    check(
        "forbid: git commit --no-verify\nforbid: rm -rf\nallow: git commit",
        &[
            (&["git", "commit", "-m", "docs: explain --no-verify and rm -rf"], &[Allow]),
            (&["git", "commit", "--no-verify", "-m", "x"], &[Forbid]),
            (&["echo", "rm -rf /"], &[Allow]),
            (&["grep", "-n", "git push", "README.md"], &[Allow]),
        ],
    );
}

/// laurigates/claude-plugins#1587: A write-then-use pair of commands is refused by a rule meant for something else.
#[test]
fn a_write_then_use_pair_of_commands_is_refused() {
    check(
        "forbid: git commit\nallow: cat\nallow: gh issue edit",
        &[(&["bash", "-c", "cat > /tmp/b.md <<'EOF'\nbody\nEOF\ngh issue edit 1 --body-file /tmp/b.md"], &[Allow])],
    );
}

/// openai/codex#17393: A forbidden command wrapped in a PowerShell call is not recognised.
#[test]
fn a_forbidden_command_wrapped_in_a_powershell_call() {
    check(
        "forbid: ssh\nallow: git status",
        &[
            (&["powershell.exe", "-NoProfile", "-Command", "ssh -V"], &[Forbid]),
            (&["pwsh", "-c", "ssh -V"], &[Forbid]),
            (&["PowerShell", "-NoLogo", "-Comm", "ssh", "-V"], &[Forbid]),
            (&["powershell", "-Command", "& ssh -V"], &[Forbid]),
            (&["powershell", "-Command", "Get-Date; ssh -V"], &[Forbid]),
            (&["cmd", "/c", "ssh", "-V"], &[Forbid]),
            (&["cmd.exe", "/d", "/s", "/C", "ssh -V"], &[Forbid]),
            (&["bash", "-c", "cmd /c ssh -V"], &[Forbid]),
            (&["powershell", "-EncodedCommand", "cwBzAGgAIAAtAFYA"], &[Forbid, Prompt]),
            (&["powershell", "-Command", "iex ssh"], &[Forbid, Prompt]),
            // It never opens anything.
            (&["powershell", "-Command", "git status"], &[Prompt]),
            (&["cmd", "/c", "git status"], &[Prompt]),
            (&["pwsh", "-c"], &[Prompt]),
        ],
    );
}
