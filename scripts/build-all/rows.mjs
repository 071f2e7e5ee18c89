// What is built: an addon for each of six platforms, and two launchers.

const CPUS = { x64: 'x86_64', arm64: 'aarch64' };

const linux = Object.entries(CPUS).flatMap(([arch, cpu]) => [
  { name: `linux-${arch}-addon`, platform: `linux-${arch}`, cpu, target: `${cpu}-unknown-linux-gnu`, glibc: '2.28', kind: 'addon', library: 'libcodex_node.so', file: 'codex.node' },
  { name: `linux-${arch}-launcher`, platform: `linux-${arch}`, cpu, target: `${cpu}-unknown-linux-musl`, kind: 'launcher', library: 'codex-launcher', file: 'codex-launcher' },
]);

const others = [['darwin', 'apple-darwin', 'libcodex_node.dylib'], ['win32', 'pc-windows-gnullvm', 'codex_node.dll']].flatMap(([os, system, library]) =>
  Object.entries(CPUS).map(([arch, cpu]) => (
    { name: `${os}-${arch}`, platform: `${os}-${arch}`, cpu, target: `${cpu}-${system}`, kind: 'addon', library, file: 'codex.node' })));

export const ROWS = [...linux, ...others];
export const PLATFORMS = [...new Set(ROWS.map(({ platform }) => platform))];
