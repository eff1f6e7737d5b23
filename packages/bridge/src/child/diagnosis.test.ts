import { describe, expect, test } from 'vitest'
import { diagnose, type Cause } from './diagnosis.ts'

function hint(
  lines: readonly string[],
  { ports = [] as number[], isImage = false } = {},
): string | undefined {
  return diagnose({ lines, ports, isImage })?.hint
}

/** As tools have really said it. */
const SAID: [cause: Cause, line: string, hint: RegExp][] = [
  [
    'browser',
    "browserType.launch: Executable doesn't exist at /root/.cache/ms-playwright/chromium-1200/chrome",
    /^it drives a browser/,
  ],
  ['browser', 'Error: Could not find Google Chrome executable for channel stable', /^it drives a browser/],
  ['native', 'Error: Could not locate the bindings file. Tried:', /built when it is installed/],
  [
    'dependency',
    "ImportError: cannot import name 'FastMCP' from 'mcp.server.fastmcp' (unknown location)",
    /another version of .* mcp/,
  ],
  [
    'folder',
    "Error: EROFS: read-only file system, mkdir '/app/node_modules/tool/logs'",
    /^it may not write to \/app\/node_modules\/tool\/logs:/,
  ],
  [
    'folder',
    "OSError: [Errno 30] Read-only file system: '/root/.cache'",
    /^it may not write to \/root\/.cache:/,
  ],
  [
    'folder',
    "PermissionError: [Errno 13] Permission denied: '/home/app/x.db'",
    /^it may not write to \/home\/app\/x.db:/,
  ],
  ['program', 'Error: spawn git ENOENT', /^it starts the program git,/],
  [
    'program',
    "FileNotFoundError: [Errno 2] No such file or directory: 'kubectl'",
    /^it starts the program kubectl,/,
  ],
  ['program', 'sh: 1: ffmpeg: not found', /^it starts the program ffmpeg,/],
  [
    'argument',
    'excel-mcp-server: error: the following arguments are required: transport',
    /^it wants an argument: transport: "stdio" makes it speak stdio/,
  ],
  ['argument', "error: missing required argument 'organization'", /^it wants an argument: organization/],
  ['argument', 'Error: required flag(s) "address" not set', /^it wants an argument: "address"/],
  [
    'argument',
    'Usage: mcp-server-filesystem <allowed-directory> [additional-directories...]',
    /^it wants an argument: <allowed-directory>/,
  ],
  [
    'variable',
    'Error: No access token was provided. Pass one with `--access-token` or via `SENTRY_ACCESS_TOKEN`.',
    /^it asks for SENTRY_ACCESS_TOKEN: .*--env SENTRY_ACCESS_TOKEN=…/,
  ],
  [
    'variable',
    'Missing required environment variables: DD_API_KEY, DD_APP_KEY',
    /^it asks for DD_API_KEY, DD_APP_KEY:/,
  ],
  ['variable', 'BRAVE_API_KEY environment variable is required', /^it asks for BRAVE_API_KEY:/],
  [
    'variable',
    '\u001b[31mERROR\u001b[39m (21035): \u001b[36mGITLAB_PERSONAL_ACCESS_TOKEN environment variable is not set\u001b[39m',
    /^it asks for GITLAB_PERSONAL_ACCESS_TOKEN:/,
  ],
  [
    'dependency',
    "AttributeError: 'Server' object has no attribute 'list_tools'",
    /another version of .* mcp/,
  ],
  ['library', "Couldn't find a valid ICU package installed on the system.", /GLOBALIZATION_INVARIANT=1/],
  [
    'library',
    'Error: libsecret-1.so.0: cannot open shared object file: No such file or directory',
    /^it needs the library libsecret-1.so.0,/,
  ],
  ['argument', 'Required command was not provided.', /^it wants an argument:/],
  [
    'login',
    'Please visit https://accounts.example.com/o/oauth2/auth?x=y to authorize this app',
    /^it wants a login/,
  ],
  [
    'login',
    'To sign in, use a web browser to open the page https://example.com/devicelogin and enter the code ABCD',
    /^it wants a login/,
  ],
  [
    'login',
    'Error: OAuth credentials not found. Please place the file gcp-oauth.keys.json',
    /^it wants a login/,
  ],
  [
    'http',
    'HTTP server listening on port 3333',
    /^it serves HTTP itself on port 3333, and says nothing on stdio/,
  ],
  ['http', 'INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)', /on port 8000/],
  ['usage', 'Usage: tool [options] [command]', /^it prints how it is used/],
  ['network', 'Error: getaddrinfo ENOTFOUND api.example.com', /^it cannot reach api.example.com/],
  [
    'network',
    "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='huggingface.co', port=443)",
    /^it cannot reach huggingface.co/,
  ],
]

describe('what tools say', () => {
  test.each(SAID)('%s: %s', (cause, line, expected) => {
    expect(diagnose({ lines: ['starting', line, 'bye'], ports: [], isImage: false })).toMatchObject({
      cause,
      hint: expect.stringMatching(expected),
    })
    // In an image another thing can be done about it.
    const inImage = hint([line], { isImage: true })
    expect(inImage).toMatch(expected.source.startsWith('^') ? /./ : expected)
    expect(inImage).not.toMatch(/mcp-bridge -- /)
  })

  test.each([
    'Server is running',
    'loaded 12 tools in 30 ms',
    'Usage statistics are sent home',
    'npm warn deprecated inflight@1.0.6: This module is not supported',
    'Node.js v24.1.0',
  ])('nothing is made of: %s', (line) => {
    expect(hint([line])).toBeUndefined()
  })
})

const help = (line: string) => hint(['Usage: tool [options]', line], { isImage: true })

test('the argument for stdio is the one that its own help names', () => {
  expect(help('  --stdio   speak on stdin and stdout')).toContain('image build … -- --stdio ')
  expect(help('  --transport {stdio,sse}')).toContain('image build … -- --transport stdio ')
  expect(help('  stdio     run a stdio server')).toContain('image build … -- stdio ')
})

const LINE = 'HTTP server listening on port 3333'
const isCertain = (lines: string[], ports: number[]) => diagnose({ lines, ports, isImage: false })?.isCertain

describe('certain is', () => {
  test('what says that it listens, and does', () => expect(isCertain([LINE], [3333])).toBe(true))
  test('not what only says so', () => expect(isCertain([LINE], [])).toBe(false))
  test('not what only listens', () => expect(isCertain(['ready'], [3333])).toBe(false))
  test('not what says that it speaks stdio, too', () =>
    expect(isCertain([LINE, 'MCP server running on stdio'], [3333])).toBe(false))
  test('what prints its usage and waits', () =>
    expect(isCertain(['usage: tool [-h] {stdio,sse}'], [])).toBe(true))
})
