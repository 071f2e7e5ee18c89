// What is built: eight addons for six platforms, and two launchers.

const LINUX_CPUS = { x64: 'x86_64', arm64: 'aarch64' };

const linux = Object.entries(LINUX_CPUS).flatMap(([arch, cpu]) => [
  { name: `linux-${arch}-gnu`, platform: `linux-${arch}`, cpu, target: `${cpu}-unknown-linux-gnu`, glibc: '2.28', kind: 'addon', library: 'libcodex_node.so', file: 'codex.gnu.node' },
  { name: `linux-${arch}-musl`, platform: `linux-${arch}`, cpu, target: `${cpu}-unknown-linux-musl`, kind: 'addon', library: 'libcodex_node.so', file: 'codex.musl.node' },
  { name: `linux-${arch}-launcher`, platform: `linux-${arch}`, cpu, target: `${cpu}-unknown-linux-musl`, kind: 'launcher', library: 'codex-launcher', file: 'codex-launcher' },
]);

const others = [['darwin', 'apple-darwin', 'libcodex_node.dylib'], ['win32', 'pc-windows-gnullvm', 'codex_node.dll']].flatMap(([os, system, library]) =>
  Object.entries(LINUX_CPUS).map(([arch, cpu]) => (
    { name: `${os}-${arch}`, platform: `${os}-${arch}`, cpu, target: `${cpu}-${system}`, kind: 'addon', library, file: 'codex.node' })));

export const ROWS = [...linux, ...others];
export const PLATFORMS = [...new Set(ROWS.map(({ platform }) => platform))];
