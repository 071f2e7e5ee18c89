// Real tools work offline in a writable workspace, from caches that they lock and write, and the host's caches stay as they were.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { git } from './support/git.mjs';
import { answer, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { environmentOf } from './support/user.mjs';

/** A user with a new home, whose Rust toolchain, if any, is that of the user who runs the specs. */
function user() {
  const home = outside();
  const env = { ...environmentOf(home), RUSTUP_HOME: process.env.RUSTUP_HOME ?? path.join(os.homedir(), '.rustup') };
  return { home, env };
}

/** Writes files, and makes the folders that they lie in. */
function files(folder, contents) {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

/** Runs a script under workspace-write as that user; the home must be the same afterwards. */
async function inside({ home, env }, folder, shell, expected) {
  const before = snapshot(home);
  const result = await answer(script(`codex.exec('sh', ['-ec', facts.shell], { profile: 'workspace-write', workspace: facts.folder })
    .then((result) => process.stdout.write(JSON.stringify(result)));`, { shell, folder }), { env });
  assert.equal(result.exitCode, 0, result.stdout + result.stderr);
  assert.match(result.stdout, expected, result.stderr);
  assert.deepEqual(result.denials.filter(({ kind }) => kind === 'write'), []);
  assert.equal(snapshot(home), before);
  return result;
}

const works = (program, args, options) => spawnSync(program, args, { stdio: 'ignore', ...options }).status === 0;

/** Says that a tool isn't there, where it isn't. */
function need(t, program, args = ['--version']) {
  const there = works(program, args, { env: user().env });
  if (!there) t.skip(`${program} ${args.join(' ')} doesn't work for this user`);
  return there;
}

test('npm ci from its cache', async () => {
  const [someone, folder] = [user(), workspace()];
  files(folder, {
    'dep/package.json': '{"name":"dep","version":"1.0.0","main":"index.js"}',
    'dep/index.js': 'module.exports = "from the dependency";',
    'package.json': '{"name":"app","version":"1.0.0","dependencies":{"dep":"file:dep-1.0.0.tgz"}}',
  });
  const npm = (...args) => execFileSync('npm', [...args, '--no-audit', '--no-fund', '--no-update-notifier'], { cwd: folder, env: someone.env, stdio: 'pipe' });
  npm('pack', './dep');
  npm('install', '--offline');
  rmSync(path.join(folder, 'node_modules'), { recursive: true });
  assert.ok(existsSync(path.join(someone.home, '.npm', '_cacache')));
  await inside(someone, folder, `npm ci --offline --no-audit --no-fund && npm cache verify && node -p 'require("dep")'`, /from the dependency/);
});

test('cargo build with a dependency that must be checked out from its cache', async (t) => {
  if (!need(t, 'cargo')) return;
  const [someone, folder, source] = [user(), workspace(), outside()];
  files(source, { 'Cargo.toml': '[package]\nname = "dep"\nversion = "1.0.0"\nedition = "2021"\n', 'src/lib.rs': 'pub fn says() -> &\'static str { "from the dependency" }' });
  git(source, 'init', '-q');
  git(source, 'add', '.');
  git(source, 'commit', '-qm', 'first');
  files(folder, {
    'Cargo.toml': `[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\ndep = { git = "file://${source}" }\n`,
    'src/main.rs': 'fn main() { println!("{}", dep::says()); }',
  });
  // Outside of any sandbox: a distribution's cargo may have been built for another libgit2 than the one that it finds.
  if (!works('cargo', ['fetch'], { cwd: folder, env: someone.env })) return t.skip('cargo can fetch from no repository on this machine');
  rmSync(path.join(someone.home, '.cargo/git/checkouts'), { recursive: true });
  await inside(someone, folder, 'cargo build --offline && ./target/debug/app; test -d ~/.cargo/git/checkouts', /from the dependency/);
});

test('pip install without an index, and pytest where it is', async (t) => {
  if (!need(t, 'python3', ['-m', 'pip', '--version'])) return;
  const [someone, folder] = [user(), workspace()];
  files(folder, {
    'make.py': `import zipfile
with zipfile.ZipFile('dep-1.0.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('dep.py', 'says = "from the dependency"')
    wheel.writestr('dep-1.0.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: dep\\nVersion: 1.0.0\\n')
    wheel.writestr('dep-1.0.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('dep-1.0.0.dist-info/RECORD', '')
`,
    'test_dep.py': 'import dep\n\ndef test_says(tmp_path):\n    (tmp_path / "x").write_text(dep.says)\n',
  });
  mkdirSync(path.join(someone.home, '.cache/pip'), { recursive: true });
  execFileSync('python3', ['make.py'], { cwd: folder, env: someone.env });
  // Itself, and no wrapper of a version manager that writes elsewhere.
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { env: someone.env, encoding: 'utf8' }).trim();
  const install = `${python} -m pip install --no-index --target site ./dep-1.0.0-py3-none-any.whl`;
  const pytest = works(python, ['-m', 'pytest', '--version'], { env: someone.env }) ? `PYTHONPATH=site ${python} -m pytest -q` : ':';
  if (pytest === ':') t.diagnostic('pytest is not installed; only pip is tried');
  const { stderr } = await inside(someone, folder, `${install} && PYTHONPATH=site ${python} -c 'import dep; print(dep.says)' && ${pytest}`, /from the dependency/);
  assert.doesNotMatch(stderr, /cache/i, 'pip says so when it can’t use its cache');
});

test('make with many jobs', async () => {
  const [someone, folder] = [user(), workspace()];
  const names = Array.from({ length: 12 }, (_, number) => `unit${number}`);
  files(folder, Object.fromEntries(names.map((name) => [`${name}.c`, `int ${name}(void) { return 1; }\n`])));
  files(folder, {
    'main.c': `#include <stdio.h>\n${names.map((name) => `int ${name}(void);\n`).join('')}int main(void) { printf("%d units\\n", ${names.map((name) => `${name}()`).join(' + ')}); }\n`,
    Makefile: `app: main.o ${names.map((name) => `${name}.o`).join(' ')}\n\tcc -o $@ $^\n`,
  });
  await inside(someone, folder, 'make -sj8 && ./app', /^12 units\n$/);
});

test('javac and java', async (t) => {
  if (!need(t, 'javac')) return;
  const [someone, folder] = [user(), workspace()];
  files(folder, { 'Main.java': 'public class Main { public static void main(String[] args) { System.out.println("from Java"); } }' });
  await inside(someone, folder, 'javac Main.java && java Main', /from Java/);
});

test('go build with a module from its cache', async (t) => {
  if (!need(t, 'go', ['version'])) return;
  const [someone, folder] = [user(), workspace()];
  // A proxy of files, as go takes it, is what fills the cache.
  const [proxy, version] = [outside(), 'v1.0.0'];
  const at = `${proxy}/example.org/dep/@v`;
  files(proxy, {
    'dep/go.mod': 'module example.org/dep\n', 'dep/dep.go': 'package dep\n\nconst Says = "from the dependency"\n',
    [`example.org/dep/@v/${version}.mod`]: 'module example.org/dep\n',
    [`example.org/dep/@v/${version}.info`]: `{"Version":"${version}"}`, 'example.org/dep/@v/list': `${version}\n`,
  });
  execFileSync('python3', ['-c', `import zipfile
with zipfile.ZipFile('${at}/${version}.zip', 'w') as z:
    for name in ('go.mod', 'dep.go'): z.write('${proxy}/dep/' + name, 'example.org/dep@${version}/' + name)`]);
  files(folder, {
    'go.mod': `module example.org/app\n\ngo 1.17\n\nrequire example.org/dep ${version}\n`,
    'main.go': 'package main\n\nimport (\n\t"fmt"\n\t"example.org/dep"\n)\n\nfunc main() { fmt.Println(dep.Says) }\n',
  });
  const env = { ...someone.env, GOPROXY: `file://${proxy}`, GONOSUMDB: '*', GOFLAGS: '-mod=mod -modcacherw', GOTOOLCHAIN: 'local' };
  execFileSync('go', ['build', '-o', 'app', '.'], { cwd: folder, env, stdio: 'pipe' });
  // What was downloaded stays; what was unpacked and built of it must be again.
  rmSync(path.join(someone.home, 'go/pkg/mod/example.org'), { recursive: true });
  rmSync(path.join(folder, 'app'));
  await inside({ home: someone.home, env: { ...env, GOPROXY: 'off' } }, folder, 'go build -a -o app . && ./app', /from the dependency/);
});
