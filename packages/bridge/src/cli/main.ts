// cli/main: argv to exit code; the only place that ends the process.
import { toBridgeError, type BridgeError } from '../errors.ts'
import { visibleLine, visibleLines } from '../visible.ts'
import { VERSION } from '../version.ts'
import { runCheck } from './commands/check.ts'
import { runConnect } from './commands/connect.ts'
import { runHealthcheck } from './commands/healthcheck.ts'
import { runServe } from './commands/serve.ts'
import { runServers } from './commands/servers.ts'
import { runTools } from './commands/tools.ts'
import { runToolkit, type RunToolkit } from './commands/toolkit.ts'
import { parseArgs, type Invocation } from './program.ts'

export interface MainOptions {
  toolkit?: RunToolkit
}

/** @param argv without node and script */
export async function main(argv: readonly string[], options: MainOptions = {}): Promise<void> {
  // Whoever reads our output may go before us: `mcp-bridge --help | head`.
  process.stdout.on('error', () => {})
  try {
    const code = await run(parseArgs(argv, { version: VERSION }), options)
    if (code !== undefined) process.exit(code)
  } catch (thrown) {
    const error = toBridgeError(thrown)
    process.stderr.write(explain(error))
    process.exit(error.row.exit ?? 1)
  }
}

/** Gives the exit code, or nothing: then the process ends by itself, once all is written. */
async function run(invocation: Invocation, { toolkit }: MainOptions): Promise<number | undefined> {
  switch (invocation.command) {
    case 'help':
    case 'version':
      process.stdout.write(invocation.text)
      return undefined
    case 'healthcheck':
      return runHealthcheck(invocation)
    case 'connect':
      return runConnect(invocation)
    case 'check':
      process.exitCode = await runCheck(invocation)
      return undefined
    case 'servers':
      process.exitCode = await runServers(invocation)
      return undefined
    case 'tools':
      process.exitCode = await runTools(invocation)
      return undefined
    case 'serve':
      return runServe(invocation)
    case 'toolkit':
      process.exitCode = await runToolkit(invocation, toolkit)
      return undefined
  }
}

/** What went wrong, why if that is known, and what to do, each on a line of its own. */
function explain(error: BridgeError): string {
  const stderr = error.data?.['stderr']
  const lines = visibleLines(`mcp-bridge: ${error.message}`)
  if (Array.isArray(stderr)) lines.push(...stderr.map((line) => `  | ${visibleLine(String(line))}`))
  if (error.hint !== undefined) lines.push(...visibleLines(`  → ${error.hint}`))
  if (error.code === 'internal' && error.cause instanceof Error)
    lines.push(...visibleLines(String(error.cause.stack)))
  return `${lines.join('\n')}\n`
}
