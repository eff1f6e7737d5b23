// cli/main: argv to exit code; the only place that ends the process.
import { printConfig } from '../config/print.ts'
import { loadConfig } from '../config/load.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { visible, visibleJson, visibleLine } from '../visible.ts'
import { VERSION } from '../version.ts'
import { checkTable } from './check.ts'
import { parseArgs, type Invocation } from './flags.ts'
import { healthcheck } from './healthcheck.ts'

/** @param argv without node and script */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads our output may go before us: `mcp-bridge --help | head`.
  process.stdout.on('error', () => {})
  try {
    await run(parseArgs(argv, { version: VERSION }))
  } catch (thrown) {
    const error = toBridgeError(thrown)
    process.stderr.write(explain(error))
    process.exit(error.row.exit ?? 1)
  }
}

async function run(invocation: Invocation): Promise<void> {
  switch (invocation.command) {
    case 'help':
    case 'version':
      process.stdout.write(invocation.text)
      return
    case 'healthcheck': {
      const { url, timeoutMs = 5000, ...address } = invocation.flags
      // The address of the bridge beside us, from the same variables and file; its command does not matter.
      const { config } = loadConfig({ flags: { ...address, insecure: true }, command: ['any'] })
      const { code, text } = await healthcheck({
        ...config,
        ...(url === undefined ? {} : { url }),
        timeoutMs,
      })
      process.stdout.write(`${visibleLines(text).join('\n')}\n`)
      return process.exit(code)
    }
    case 'check': {
      // Nothing listens here: what guards a listener does not matter.
      const flags = { ...invocation.flags, insecure: true }
      const { config } = loadConfig({ ...invocation, flags, command: invocation.child })
      const { inspect } = await import('../server/bridge.ts')
      const report = await inspect(config)
      process.stdout.write(
        invocation.format === 'json'
          ? `${visibleJson(JSON.stringify(report, undefined, 2))}\n`
          : checkTable(report),
      )
      return
    }
    case 'serve': {
      const loaded = loadConfig({ ...invocation, command: invocation.child })
      if (invocation.printConfig) {
        process.stdout.write(visibleJson(printConfig(loaded.config, loaded.origins)))
        return
      }
      // Loaded when needed: a health check runs every few seconds and needs none of it.
      const { serve } = await import('./serve.ts')
      process.exit(await serve(loaded))
    }
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

/** What has several lines has them on purpose: problems, each on a line of its own. */
function visibleLines(text: string): string[] {
  return text.split('\n').map(visible)
}
