// cli/commands/serve: `mcp-bridge -- <command>`: what the program does without the name of a command.
import type { Command } from 'commander'
import { loadConfig } from '../../config/load.ts'
import { OPTIONS } from '../../config/options.ts'
import { printConfig } from '../../config/print.ts'
import { visibleJson } from '../../visible.ts'
import { addToolOptions, refuseStray, type Behind, type Flags } from '../options.ts'

export interface Serve {
  command: 'serve'
  flags: Flags
  child: string[]
  printConfig: boolean
  configFile?: string
}

const EXAMPLE = 'Example: mcp-bridge --port 8080 -- npx -y @modelcontextprotocol/server-everything'

export function declareServe(program: Command, behind: Behind, take: (serve: Serve) => void): void {
  addToolOptions(program, OPTIONS)
    .description(
      'Serves a stdio MCP tool over HTTP: Streamable HTTP and HTTP+SSE on one port. (* may be repeated)',
    )
    .option('--print-config', 'Show all values and who set them, then end')
    .addHelpText('after', EXAMPLE)
    .argument('[stray...]')
    .passThroughOptions()
    .action(() => {
      refuseStray(program, behind)
      const { config, printConfig: isPrint = false, ...flags } = program.opts<Options>()
      const configFile = config === undefined ? {} : { configFile: config }
      take({ command: 'serve', flags, child: behind ?? [], printConfig: isPrint, ...configFile })
    })
}

interface Options extends Flags {
  config?: string
  printConfig?: boolean
}

/** Gives the exit code, or nothing if the program ends by itself. */
export async function runServe({
  child,
  printConfig: isPrint,
  ...given
}: Serve): Promise<number | undefined> {
  const load = () => loadConfig({ ...given, command: child })
  const loaded = await load()
  if (isPrint) {
    process.stdout.write(visibleJson(printConfig(loaded.config, loaded.origins)))
    return undefined
  }
  // Loaded when needed: a health check runs every few seconds and needs none of it.
  const { serve } = await import('../serve.ts')
  return serve(loaded, load)
}
