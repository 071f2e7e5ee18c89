'use strict';
// Loads the addon of this platform: from the package that npm installed for it, or, in a checkout, from `npm/`.
const { existsSync } = require('node:fs');
const path = require('node:path');

const SUPPORTED = ['linux-x64'];
const platform = `${process.platform}-${process.arch}`;
const name = `@openai/codex-${platform}`;

module.exports = load();

function load() {
  const directory = findPackage();
  const file = path.join(directory, 'codex.node');
  let addon;
  try {
    addon = require(file);
  } catch (cause) {
    throw failure(explainLoad(cause, file), cause);
  }
  return { addon, launcher: path.join(directory, 'codex-launcher') };
}

/** The folder of the platform package. */
function findPackage() {
  if (!SUPPORTED.includes(platform)) {
    throw failure(`there is no build for ${platform}; it runs on ${SUPPORTED.join(', ')}`);
  }
  let missing;
  try {
    return path.dirname(require.resolve(`${name}/package.json`));
  } catch (cause) {
    // Anything but "not there" is an error of its own, which must not be hidden.
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    missing = cause;
  }
  const built = path.join(__dirname, 'npm', platform);
  if (existsSync(path.join(built, 'codex.node'))) return built;
  if (existsSync(path.join(__dirname, 'Cargo.toml'))) {
    throw failure('the addon is not built in this checkout; run `npm run build`', missing);
  }
  throw failure(
    `the package ${name} is not installed; install again without --omit=optional or --no-optional, ` +
      'on the machine that runs it: node_modules of another platform hold another build',
    missing,
  );
}

function explainLoad(cause, file) {
  if (cause.code === 'ERR_DLOPEN_DISABLED') {
    return `native addons are disabled in this process; start node with --allow-addons (${cause.message})`;
  }
  return `the addon can't be loaded: ${file}: ${cause.message}; install the package again on this machine`;
}

function failure(message, cause) {
  const error = new Error(`@openai/codex: ${message}`, cause && { cause });
  error.code = 'ERR_CODEX_ADDON';
  return error;
}
