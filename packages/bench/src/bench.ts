// bench: the whole run: rounds, then the files.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopAll } from '@mcp-bridge/testkit'
import { readOptions, USAGE, type Options } from './options.ts'
import { chartOf } from './report/chart.ts'
import { markdownOf } from './report/markdown.ts'
import { resultsOf } from './results.ts'
import { run } from './run.ts'
import { verdictsOf } from './targets.ts'

/** Prints the tables to stdout, the progress to stderr; resolves with the exit code. */
export async function bench(argv: readonly string[]): Promise<number> {
  const options = read(argv)
  if (typeof options !== 'object') return options
  const { plan, entrants, out } = options
  const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-bench-'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(folder))
  try {
    const outcome = await run(entrants, plan, folder, (line) => process.stderr.write(`${line}\n`))
    const results = resultsOf(entrants, plan, outcome)
    const tables = markdownOf(results)
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, 'results.md'), tables)
    writeFileSync(join(out, 'results.svg'), chartOf(results))
    const json = { ...results, verdicts: verdictsOf(results) }
    writeFileSync(join(out, 'results.json'), `${JSON.stringify(json, null, 2)}\n`)
    process.stdout.write(tables)
    process.stderr.write(`results.md, results.json and results.svg are in ${out}\n`)
    return 0
  } finally {
    await clear(folder)
  }
}

function leave(folder: string): void {
  void clear(folder).finally(() => process.exit(1))
}

async function clear(folder: string): Promise<void> {
  await stopAll()
  rmSync(folder, { recursive: true, force: true })
}

function read(argv: readonly string[]): Options | number {
  try {
    return readOptions(argv, (text) => process.stdout.write(text)) ?? 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return 2
  }
}
