// cli/commands/toolkit: `mcp-bridge image` and `mcp-bridge compose`: a program of its own, loaded when it is asked for.
import type { Command } from 'commander'
import { invalid, type Behind } from '../options.ts'

export interface Toolkit {
  command: 'toolkit'
  /** From `image` or `compose` on. */
  argv: string[]
}

/** Takes `argv`, gives the exit code. What serves a tool needs nothing of it: an image of a tool has none. */
export type RunToolkit = (argv: readonly string[]) => Promise<number>

const SUMMARIES = {
  image: 'Make an image of a tool, with the bridge in it',
  compose: 'Make a stack of the tools in the configuration of an MCP client',
} as const

/** Their options and their help are their own. */
export function declareToolkit(program: Command, behind: Behind, take: (toolkit: Toolkit) => void): void {
  for (const [name, summary] of Object.entries(SUMMARIES)) {
    program
      .command(name)
      .summary(summary)
      .argument('[args...]')
      .allowUnknownOption()
      .passThroughOptions()
      .helpOption(false)
      .action((args: string[]) => {
        const rest = behind === undefined ? [] : ['--', ...behind]
        take({ command: 'toolkit', argv: [name, ...args, ...rest] })
      })
  }
}

/** @throws BridgeError `config_invalid` where there is no toolkit */
export async function runToolkit({ argv }: Toolkit, run: RunToolkit | undefined): Promise<number> {
  if (run === undefined)
    throw invalid(`"${argv[0]}" is not part of this image`, 'run it where npm has installed mcp-bridge')
  return run(argv)
}
