'use strict';
// Why the addon can't be loaded, and what to do about it.
const { existsSync, lstatSync, readdirSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** The error of `native.js`. `facts` are what it knows; `cause` among them becomes the error's own. */
exports.failure = function failure(kind, facts) {
  const error = new Error(`@openai/codex: ${MESSAGES[kind](facts)}`, facts.cause && { cause: facts.cause });
  error.code = 'ERR_CODEX_ADDON';
  return error;
};

const MESSAGES = {
  unsupported: ({ platform, supported }) => `there is no build for ${platform}; it runs on ${supported.join(', ')}`,

  bundled: () => 'it is in a bundle, which leaves the addon and the launcher behind; name @openai/codex as external in the settings ' +
    'of the bundler, and install it where the bundle runs',

  notInstalled({ name, platform, supported }) {
    const others = presentPackages(supported);
    const dangling = others.find(({ isDangling, found }) => isDangling && found === platform);
    if (dangling) {
      return `${dangling.place} is a link to nothing: optional packages were left out (--no-optional), or node_modules was moved or copied ` +
        `without what it links to; ${installAgain()}`;
    }
    const present = others.filter(({ isDangling }) => !isDangling).map(({ found }) => found);
    if (present.length > 0) {
      return `the package for ${platform} (${name}) is not installed, but the one for ${present.join(', ')} is: ` +
        `${whyAnother(present)}; ${installAgain()}`;
    }
    return `the package ${name} is not installed; install again without --omit=optional or --no-optional. ` +
      'If the lock file was made on another platform by an old npm, delete it and node_modules first' + hint();
  },

  otherVersion: ({ name, found, version, file }) =>
    `${name} is version ${found}, but this is version ${version} (${file}); ${installAgain()}`,

  packed: ({ file }) =>
    `${file} is inside an archive of Electron's, from which no program can be started; unpack it: ` +
      'asarUnpack: ["**/node_modules/@openai/codex-*/**"] in electron-builder, asar.unpack in Electron Forge',

  cutShort: ({ file }) => `${file} is cut short: its download or a copy of it didn't finish; ${installAgain()}`,

  notLoaded({ cause, file, name }) {
    if (cause.code === 'ERR_DLOPEN_DISABLED') {
      return `native addons are disabled in this process; start node without --no-addons, or, where it has --permission, with --allow-addons (${cause.message})`;
    }
    // Deno says itself which permission is missing, and can't look whether the file is there either.
    if (cause.name === 'NotCapable') return `the addon can't be loaded: ${cause.message}`;
    if (!existsSync(file)) {
      if (existsSync(path.join(__dirname, 'Cargo.toml'))) return `${file} is not built in this checkout; run \`npm run build\``;
      return `${file} is missing; ${installAgain()}`;
    }
    return `the addon can't be loaded: ${cause.message}; ${wayOut(file, name, cause.message)}`;
  },
};

function wayOut(file, name, message) {
  if (/\.zip[\\/]node_modules[\\/]/.test(file)) {
    return `it is inside an archive of Yarn's, from which nothing can be loaded; don't set \`unplugged: false\` for ${name} in \`dependenciesMeta\``;
  }
  if (process.platform === 'win32') {
    return `if a virus scanner holds ${file}, let it pass and try again; otherwise ${installAgain()}`;
  }
  if (process.platform === 'linux') {
    // The linker's words for a mapping that the kernel refuses, in glibc and in musl.
    if (/failed to map segment|Operation not permitted/.test(message)) {
      return `${file} is on a file system from which nothing may be executed (mounted with \`noexec\`); install it elsewhere`;
    }
    return `${file} needs glibc 2.28 or later, or musl 1.2 or later; where this system has it, ${installAgain()}`;
  }
  return installAgain();
}

/** The packages of all platforms that lie where the one of this platform was looked for. */
function presentPackages(supported) {
  return require.resolve.paths('@openai/codex').flatMap((folder) => {
    const scope = path.join(folder, '@openai');
    const entries = existsSync(scope) ? readdirSync(scope) : [];
    return supported.filter((found) => entries.includes(`codex-${found}`)).map((found) => {
      const place = path.join(scope, `codex-${found}`);
      return { found, place, isDangling: !existsSync(place) && lstatSync(place).isSymbolicLink() };
    });
  });
}

function whyAnother(present) {
  if (process.platform === 'darwin' && process.arch === 'x64' && present.includes('darwin-arm64')) {
    const model = os.cpus()[0]?.model ?? '';
    const rosetta = model.includes('Apple') ? ', which Rosetta runs on this Apple silicon' : '';
    return `this is a Node for Intel${rosetta}, and the packages were installed by one for Apple silicon; use that one here, too`;
  }
  return 'node_modules comes from another platform, or from a Node for another processor';
}

function installAgain() {
  return `install again on the machine, and with the Node, that runs it${hint()}`;
}

/** What package managers want to be told to install for a platform that is not the one they run on. */
function hint() {
  if (process.versions.pnp) return ' (Yarn: `supportedArchitectures` in .yarnrc.yml)';
  if (__dirname.includes(`${path.sep}.pnpm${path.sep}`)) return ' (pnpm: `supportedArchitectures` in pnpm-workspace.yaml)';
  return '';
}
