// lease/owner: whose process it is, and so whose fault its crash.
import { createHash } from 'node:crypto'
import { ANONYMOUS } from '../config/principals.ts'

export interface Owner {
  readonly key: string
  /** The name of a token; empty where several share the process, whoever they are. */
  readonly principal: string
  /** What is in its environment besides what the operator gave to all. */
  readonly env: Readonly<Record<string, string>>
  /** Nothing is: what fails here may fail for everybody. */
  readonly isOperators: boolean
  /** One that has a name: it may know what an earlier process of its own said. */
  readonly isNamed: boolean
}

/** Whoever has a process in the operator's own environment, and the bridge itself when it tries the tool. */
export const TOOL: Owner = { key: '', principal: '', env: {}, isOperators: true, isNamed: false }

/** @param principal empty for a process that several share */
export function ownerOf(principal: string, env: Readonly<Record<string, string>>): Owner {
  const isOperators = Object.keys(env).length === 0
  if (isOperators && principal === '') return TOOL
  const isNamed = principal !== '' && principal !== ANONYMOUS
  return { key: keyOf(principal, isOperators ? undefined : env), principal, env, isOperators, isNamed }
}

/** By hash: what a client sends as its credential is not kept for longer than its process. */
function keyOf(principal: string, env: Readonly<Record<string, string>> | undefined): string {
  if (env === undefined) return principal
  const sorted = Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${principal}\n${createHash('sha256').update(JSON.stringify(sorted)).digest('base64url')}`
}
