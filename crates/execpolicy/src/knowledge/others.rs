//! Programs that always need a question, with the reason.

use std::sync::LazyLock;

use super::Index;

const TABLE: &[(&str, &str)] = &[
    ("npm npx yarn yarnpkg pnpm pnpx bun bunx corepack", "it runs scripts that packages bring"),
    ("pip pip3 pipx uv uvx poetry pdm hatch conda mamba", "it runs code that packages bring"),
    (
        "cargo rustc rustup go gofmt swift swiftc zig dotnet mvn gradle sbt lein stack cabal ghc mix rebar3 dune opam",
        "it builds or runs code of the project",
    ),
    (
        "make gmake cmake ninja meson bazel buck just task rake ant scons autoconf automake",
        "it runs commands that the project brings",
    ),
    (
        "gcc g++ cc c++ clang clang++ ld as ar ranlib strip objcopy tsc eslint prettier pytest jest vitest mocha tox nox ruff mypy black",
        "it runs code or writes files",
    ),
    (
        "apt apt-get aptitude dpkg yum dnf rpm zypper pacman apk brew port nix nix-shell nix-env nix-build snap flatpak winget choco scoop",
        "it manages the software of the machine",
    ),
    ("terraform tofu ansible ansible-playbook pulumi vagrant packer", "it changes other machines"),
    (
        "less more most man info vi vim nvim view ed ex nano pico emacs emacsclient joe micro hx",
        "it can start other programs",
    ),
    (
        "systemctl journalctl service loginctl machinectl launchctl crontab at batch atq logrotate",
        "it controls services of the machine or opens a pager",
    ),
    (
        "docker podman nerdctl buildah skopeo kubectl helm minikube kind lxc virsh",
        "it starts programs outside of the sandbox",
    ),
    ("sqlite3 psql mysql redis-cli mongosh", "its commands can change data"),
    ("tmux screen expect script gdb lldb strace ltrace perf valgrind", "it starts other programs"),
    (
        "history fc alias unalias bind hash enable compgen complete mapfile readarray shopt coproc let declare typeset local readonly export unset getopts trap bg fg disown suspend logout caller",
        "it changes the shell itself",
    ),
    ("chmod chown chgrp setfacl chattr setcap", "it changes permissions"),
    ("killall pkill kill xkill", "it signals processes"),
];

pub(crate) fn why(name: &str) -> Option<&'static str> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(TABLE.iter().map(|(names, _)| *names)));
    TABLE.get(INDEX.find(name)?).map(|(_, why)| *why)
}
