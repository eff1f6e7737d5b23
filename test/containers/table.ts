// containers/table: sizes and times of the run, for docs/images.generated.md; written when asked for.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Recipe } from '@mcp-bridge/toolkit'

export interface Row {
  recipe: Recipe
  sizeBytes: number
  healthyMs: number
  stopMs: number
}

/** The same tool the usual way, for comparison. */
export interface Usual {
  name: string
  sizeBytes: number
  readyMs: number
}

const rows: Row[] = []
const usual = new Map<string, Usual>()

export function recordRow(row: Row): void {
  rows.push(row)
}

export function recordUsual(row: Usual): void {
  usual.set(row.name, row)
}

/** Of a run of all tools: the times of one machine, not a promise. */
export const isTableWanted = process.env['MCP_BRIDGE_TEST_WRITE_TABLE'] === '1'

/** Whose row this run has made. */
export function isRecorded(name: string): boolean {
  return rows.some(({ recipe }) => recipe.name === name)
}

/** Rows of tools that were not run stay as they are. @param names of all tools */
export function writeTable(path: string, names: readonly string[]): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const lines = names.flatMap((name) => {
    const row = rows.find(({ recipe }) => recipe.name === name)
    return row === undefined ? before.filter((each) => each.startsWith(`| ${name} |`)) : [line(row)]
  })
  const head = [
    '# Images of the catalogue',
    '',
    'Written by the container tests with `MCP_BRIDGE_TEST_WRITE_TABLE=1`, on a machine with two cores that did other work too: times are',
    'in whole seconds, and yours differ. Ready is from the start of the container to its first health check that succeeds; stopped is',
    'from `docker stop` to the end, with exit code 0. The call is made without a network: a tool of the Internet answers it with an error',
    'of its own, and has shown by that that it runs. The usual way is a `supergateway` image that starts the tool with `npx -y`, from its',
    'start to the first `initialize` it answers, with nothing downloaded before and the registry near.',
    '',
    '| tool | version | runtime | image | ready | stopped | its call | usual way: image | ready |',
    '| --- | --- | --- | ---: | ---: | ---: | --- | ---: | ---: |',
  ]
  writeFileSync(path, `${[...head, ...lines].join('\n')}\n`)
}

function line({ recipe, sizeBytes, healthyMs, stopMs }: Row): string {
  const other = usual.get(recipe.name)
  const call =
    recipe.call?.refusal === undefined ? 'answered' : 'answered with its own error, no network in CI'
  const cells = [
    ...[recipe.name, recipe.version, recipe.runtime],
    ...[megabytes(sizeBytes), seconds(healthyMs), seconds(stopMs), call],
    ...(other === undefined ? ['', ''] : [megabytes(other.sizeBytes), seconds(other.readyMs)]),
  ]
  return `| ${cells.join(' | ')} |`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

/** A tenth would say more than two runs agree on. */
function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))} s`
}
