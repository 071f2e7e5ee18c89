// The environment of a user with another home.

/** What would lead tools to caches elsewhere; npm sets one of them for whatever it starts. */
const MOVED = [
  'XDG_CACHE_HOME', 'npm_config_cache', 'NPM_CONFIG_CACHE', 'YARN_CACHE_FOLDER', 'YARN_GLOBAL_FOLDER', 'PNPM_HOME', 'pnpm_config_store_dir', 'BUN_INSTALL',
  'BUN_INSTALL_CACHE_DIR', 'XDG_DATA_HOME', 'CARGO_HOME', 'CARGO_TARGET_DIR', 'GOPATH', 'GOCACHE', 'GOMODCACHE', 'PIP_CACHE_DIR', 'UV_CACHE_DIR',
  'GRADLE_USER_HOME', 'NUGET_PACKAGES', 'CCACHE_DIR',
  'MPLCONFIGDIR', 'IPYTHONDIR', 'JUPYTER_CONFIG_DIR', 'JUPYTER_RUNTIME_DIR', 'LEIN_HOME', 'KONAN_DATA_DIR', 'STACK_ROOT', 'MIX_HOME', 'HEX_HOME',
  'ELM_HOME', 'PUB_CACHE', 'JULIA_DEPOT_PATH', 'OPAMROOT', 'ANSIBLE_HOME', 'PLATFORMIO_CORE_DIR', 'PERL_CPANM_HOME', 'PARALLEL_HOME', 'WORKON_HOME', 'MAVEN_OPTS',
];

export function environmentOf(home) {
  const env = { ...process.env, HOME: home };
  for (const name of MOVED) delete env[name];
  return env;
}
