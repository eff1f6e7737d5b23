// lock/difference: what differs between the tools that were accepted and those that are there, for people.
import { isRecord, type Members } from '../rpc/content.ts'
import { visible } from '../visible.ts'
import { canonical, hashOf, type Tool } from './definition.ts'
import type { Accepted } from './file.ts'
import { namesOf, suspicionsOf, type Names } from './suspicions.ts'

export interface ToolChange {
  readonly kind: 'changed' | 'added'
  readonly tool: string
  /** Of what is there now; of one that is gone, of what was accepted. */
  readonly hash: string
  /** What was and what is, as `- ` and `+ ` below the member it is about: fit for a terminal. */
  readonly lines: readonly string[]
  /** What in it may be meant for a model alone. */
  readonly odd: readonly string[]
}

/** It was accepted, and is not there. */
export interface RemovedTool extends Omit<ToolChange, 'kind'> {
  readonly kind: 'removed'
}

export type Difference = ToolChange | RemovedTool

/** By name; `tools` are all that are there. */
export function differences(accepted: Accepted, tools: readonly Tool[]): Difference[] {
  const present = new Set(tools.map(({ name }) => name))
  const removed = [...accepted.keys()]
    .filter((name) => !present.has(name))
    .map((name) => removedTool(accepted, name))
  const names = namesOf(tools)
  const others = tools.map((tool) => differenceOf(accepted, tool, names)).filter((each) => each !== undefined)
  return byName([...removed, ...others])
}

export function removedTool(accepted: Accepted, name: string): RemovedTool {
  return { kind: 'removed', tool: name, hash: accepted.get(name)?.hash ?? '', lines: [], odd: [] }
}

export function byName<T extends Difference>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => (a.tool < b.tool ? -1 : 1))
}

/** Of one tool that is there; undefined if it is as accepted. `beside`: what it may look like, or speak of. */
export function differenceOf(accepted: Accepted, tool: Tool, beside: Names): ToolChange | undefined {
  const before = accepted.get(tool.name)
  const hash = hashOf(tool)
  if (before?.hash === hash) return undefined
  const kind = before === undefined ? 'added' : 'changed'
  const odd = suspicionsOf(tool, beside)
  return { kind, tool: tool.name, hash, lines: linesFor(before?.definition, tool), odd }
}

const SIGNS = { changed: '~', added: '+', removed: '-' } as const

/** A headline, and the lines below it. */
export function changeLines({ kind, tool, lines, odd }: Difference): string[] {
  return [
    `${SIGNS[kind]} ${visible(tool)}: ${kind}`,
    ...[...lines, ...odd.map((what) => `! ${what}`)].map((line) => `    ${line}`),
  ]
}

function linesFor(before: Members | undefined, after: Members): string[] {
  const keys = [before, after].flatMap((each) => Object.keys(each ?? {}))
  return [...new Set(keys)]
    .filter((key) => key !== 'name')
    .toSorted()
    .flatMap((key) => memberLines(key, canonical(before?.[key]), canonical(after[key])))
}

function memberLines(path: string, before: unknown, after: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    const inner = [...keys]
      .toSorted()
      .flatMap((key) => memberLines(`${path}.${key}`, before[key], after[key]))
    // A number that JavaScript cannot hold is an object without members of its own to compare.
    if (inner.length > 0) return inner
  }
  const [was, is] = [textLines(before), textLines(after)]
  let start = 0
  while (start < Math.min(was.length, is.length) && was[start] === is[start]) start++
  let end = 0
  while (end < Math.min(was.length, is.length) - start && was.at(-1 - end) === is.at(-1 - end)) end++
  const cut = (lines: readonly string[]): readonly string[] => lines.slice(start, lines.length - end)
  return [
    `${visible(path)}:`,
    ...cut(was).map((line) => `- ${visible(line)}`),
    ...cut(is).map((line) => `+ ${visible(line)}`),
  ]
}

function textLines(value: unknown): string[] {
  if (value === undefined) return []
  return (typeof value === 'string' ? value : JSON.stringify(value)).split('\n')
}
