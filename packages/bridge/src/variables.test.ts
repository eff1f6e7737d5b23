import { expect, test } from 'vitest'
import { isOwnVariable, isSteering } from './variables.ts'

test.each([
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'GLIBC_TUNABLES'],
  ...['PATH', 'Path', 'HOME', 'SHELL', 'ENV', 'IFS', 'BASH_ENV', 'BASH_FUNC_ls', 'TMPDIR', 'XDG_CONFIG_HOME'],
  ...[
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_EXTRA_CA_CERTS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'npm_config_registry',
  ],
  ...['NPM_CONFIG_CACHE', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PIP_INDEX_URL', 'UV_INDEX_URL'],
  ...['PERL5LIB', 'PERL5OPT', 'RUBYLIB', 'RUBYOPT', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS'],
  ...[
    'CLASSPATH',
    'DOTNET_STARTUP_HOOKS',
    'GOFLAGS',
    'GOPROXY',
    'GIT_SSH_COMMAND',
    'GIT_EXEC_PATH',
    'GIT_CONFIG_COUNT',
  ],
  ...['SSH_ASKPASS', 'HTTPS_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'OPENSSL_CONF', 'CURL_CA_BUNDLE', 'EDITOR'],
])('%s steers', (name) => {
  expect(isSteering(name)).toBe(true)
})

test.each([
  ...[
    'API_KEY',
    'GITHUB_TOKEN',
    'GITHUB_PERSONAL_ACCESS_TOKEN',
    'GIT_TOKEN',
    'GITLAB_TOKEN',
    'NPM_TOKEN',
    'NODE_AUTH_TOKEN',
  ],
  ...[
    'DATABASE_URL',
    'PGPASSWORD',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'OPENAI_API_KEY',
    'SLACK_BOT_TOKEN',
  ],
  ...[
    'USER',
    'LANG',
    'HOMEPAGE',
    'PATHS',
    'MY_PATH',
    'GOOGLE_API_KEY',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'ENVIRONMENT',
  ],
])('%s does not', (name) => {
  expect([name, isSteering(name), isOwnVariable(name)]).toEqual([name, false, false])
})

test('the own ones, in any case', () => {
  expect(['MCP_BRIDGE_TOKEN', 'mcp_bridge_x', 'MCP_BRIDGE', 'XMCP_BRIDGE_X'].map(isOwnVariable)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
