// child/environment: what a child sees of ours: the allow-list, and what was asked for.
import { parseEnv } from 'node:util'
import { readTextFile } from '../encoding.ts'
import { BridgeError } from '../errors.ts'
import { namesOf } from '../globs.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isOwnVariable } from '../variables.ts'

/** Marks every process under a bridge: `<bridge>.<number of the child>`. */
export const MARK = 'MCP_BRIDGE_CHILD'

/** What a program needs to run at all, to reach the network and to find its caches; nothing that is a secret. */
const ALLOWED = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'TERM',
    'LANG',
    'LANGUAGE',
    'LC_*',
    'TZ',
    'TMPDIR',
    'TMP',
    'TEMP',
    'XDG_*',
  ],
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
  ],
  ...[
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'NODE_EXTRA_CA_CERTS',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'PIP_CERT',
  ],
  ...[
    'npm_config_cache',
    'NPM_CONFIG_CACHE',
    'npm_config_cafile',
    'NPM_CONFIG_CAFILE',
    'PNPM_HOME',
    'COREPACK_HOME',
  ],
  ...[
    'UV_CACHE_DIR',
    'UV_TOOL_DIR',
    'UV_PYTHON_INSTALL_DIR',
    'PIP_CACHE_DIR',
    'PIPX_HOME',
    'PYENV_ROOT',
    'NVM_DIR',
  ],
  ...[
    'DENO_DIR',
    'BUN_INSTALL',
    'GOPATH',
    'GOCACHE',
    'GOMODCACHE',
    'CARGO_HOME',
    'RUSTUP_HOME',
    'PLAYWRIGHT_BROWSERS_PATH',
  ],
  // Windows: without these hardly any program starts.
  ...[
    'SYSTEMROOT',
    'SystemRoot',
    'COMSPEC',
    'ComSpec',
    'PATHEXT',
    'APPDATA',
    'LOCALAPPDATA',
    'USERPROFILE',
    'Path',
  ],
]

export interface EnvironmentOptions {
  /** Names or globs handed on besides the allow-list; '*' hands on everything, '!NAME' takes one out of either. */
  passEnv: readonly string[]
  /** Files of KEY=VALUE lines; the later wins. */
  envFile: readonly string[]
  /** Wins over all others. */
  env: Readonly<Record<string, string>>
}

/**
 * The environment of a child. The bridge's own variables (`MCP_BRIDGE_*`), its tokens among them, are never handed on.
 *
 * @throws BridgeError `config_invalid` for a file that cannot be read
 */
export function childEnvironment(
  { passEnv, envFile, env }: EnvironmentOptions,
  log: Logger,
  host: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const isPassed = namesOf([...ALLOWED, ...passEnv])
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(host)) {
    if (value !== undefined && !isOwnVariable(name) && isPassed(name)) passed[name] = value
  }
  return Object.assign(passed, readEnvFiles(envFile, log), env)
}

/**
 * KEY=VALUE lines of all files; the later wins. One file may serve the bridge and its tool: the variables of the bridge
 * are left out, and the log says so.
 *
 * @throws BridgeError `config_invalid`
 */
export function readEnvFiles(paths: readonly string[], log: Logger): Record<string, string> {
  const env: Record<string, string> = {}
  for (const path of paths) {
    const entries = Object.entries(readEnvFile(path)) as [string, string][]
    const own = entries.map(([name]) => name).filter(isOwnVariable)
    if (own.length > 0) log.warn({ path, names: own }, 'variables of the bridge are not handed on')
    Object.assign(env, Object.fromEntries(entries.filter(([name]) => !isOwnVariable(name))))
  }
  return env
}

/** Variables that the tool complains about, that are set here, and that it was not given. */
export function missingVariables(
  stderr: readonly string[],
  given: Readonly<Record<string, string>>,
  host: NodeJS.ProcessEnv = process.env,
): string[] {
  const named = new Set(stderr.join('\n').match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? [])
  return [...named].filter(
    (name) => host[name] !== undefined && given[name] === undefined && !isOwnVariable(name),
  )
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readTextFile(path))
  } catch (cause) {
    throw new BridgeError('config_invalid', `the environment file ${path} cannot be read`, {
      cause,
      hint: 'correct --env-file',
    })
  }
}
