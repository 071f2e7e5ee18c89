// What the licences of others ask to be kept with a platform's package: the addon and the launcher hold parts of their crates.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROWS } from './build-all/rows.mjs';
import { root } from './build.mjs';

const OURS = 'Apache-2.0';
const CRATES = { addon: 'codex-node', launcher: 'codex-launcher' };
const TEXT = /^(licen[cs]e|copying|notice)/i;

/** The text for a platform. */
export function notices(platform) {
  const crates = new Map();
  for (const { kind, target } of ROWS.filter((row) => row.platform === platform)) linked(CRATES[kind], target, crates);
  const sorted = [...crates.values()].sort((one, other) => (one.name + one.version < other.name + other.version ? -1 : 1));
  const same = sorted.filter(({ license }) => isOurs(license));
  const sections = new Map();
  for (const crate of sorted.filter((one) => !same.includes(one))) {
    const text = textsOf(crate).join('\n\n');
    sections.set(text, [...sections.get(text) ?? [], `${crate.name} ${crate.version} (${crate.license})`]);
  }
  return [
    'The programs in this package hold parts of the packages of others that follow, each with its licence.',
    `Under the Apache License, version 2.0, whose text is in the file LICENSE:\n\n${same.map((crate) => `  ${crate.name} ${crate.version}`).join('\n')}`,
    'The standard library of Rust: under the Apache License, version 2.0; copyright (c) The Rust Project contributors.',
    ...[...sections].map(([text, names]) => `${names.join('\n')}\n\n${text}`),
  ].join(`\n\n${'-'.repeat(80)}\n\n`).concat('\n');
}

/** Whether a licence may be chosen that is this package's own. */
function isOurs(license) {
  return license.split(/ OR |\//).some((one) => one.replace(/[()]/g, '').trim() === OURS);
}

/** The crates of others that are linked into one of ours. */
function linked(name, target, crates) {
  const args = ['metadata', '--locked', '--format-version', '1', '--filter-platform', target];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`cargo can't tell what ${name} is made of: ${stderr}`);
  const { packages, resolve } = JSON.parse(stdout);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const open = [packages.find((one) => one.name === name && one.source === null).id];
  const seen = new Set(open);
  while (open.length > 0) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(open.pop()).deps) {
      const isMacro = byId.get(pkg).targets.some(({ kind }) => kind.includes('proc-macro'));
      if (seen.has(pkg) || isMacro || !kinds.some(({ kind }) => kind === null)) continue;
      seen.add(pkg);
      open.push(pkg);
      if (byId.get(pkg).source !== null) crates.set(pkg, byId.get(pkg));
    }
  }
}

/** Of a crate's licences, each with its copyright. */
function textsOf({ license, authors, repository, manifest_path: manifest }) {
  const folder = path.dirname(manifest);
  const files = readdirSync(folder).filter((file) => TEXT.test(file)).sort();
  if (files.length === 0) return [`Copyright (c) ${authors.join(', ')}. Its package holds no text of its licence (${license}); see ${repository}.`];
  return files.map((file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r', '').trim());
}
