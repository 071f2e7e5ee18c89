// Package managers: each installs the package from a registry into a folder.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runtimeFile } from './runtimes.mjs';

const NAME = '@openai/codex';
const NPM = ['install', NAME, '--no-audit', '--no-fund', '--cache', '.npm-cache'];

/** `install` returns the command line; `prefix` goes before the program and arguments of whatever uses what was installed. */
export const INSTALLERS = {
  npm: { install: ({ os, cpu }) => ['npm', ...NPM, `--os=${os}`, `--cpu=${cpu}`], prefix: [] },
  pnpm: {
    prepare(folder) {
      writeFileSync(path.join(folder, 'pnpm-workspace.yaml'), 'nodeLinker: isolated\nhoist: false\n');
    },
    install: () => [runtimeFile('node_modules/pnpm/pnpm'), 'add', NAME, '--store-dir', '.store'],
    prefix: [],
  },
  'yarn pnp': {
    prepare(folder, address) {
      writeFileSync(path.join(folder, 'yarn.lock'), '');
      writeFileSync(path.join(folder, '.yarnrc.yml'), [
        'nodeLinker: pnp', `npmRegistryServer: "${address}"`, 'unsafeHttpWhitelist: ["127.0.0.1"]', 'enableTelemetry: false',
        // What an earlier try left elsewhere must not be taken for this one.
        'globalFolder: ./.yarn-global', 'npmMinimalAgeGate: 0', '',
      ].join('\n'));
    },
    install: () => [process.execPath, runtimeFile('node_modules/yarn/bin/yarn.js'), 'add', NAME],
    prefix: ['--require', './.pnp.cjs'],
  },
  bun: { install: ({ address }) => [runtimeFile('node_modules/bun/bin/bun'), 'add', NAME, `--registry=${address}`], prefix: [] },
};
