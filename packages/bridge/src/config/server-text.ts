// config/server-text: a text with `${NAME}` in it → what it means on this machine, or what has to be set first.
import { homedir } from 'node:os'
import { inputVariable, partsOf, WORKSPACE_VARIABLE, type Input, type Part } from '@mcp-bridge/client-file'
import { isOwnVariable } from '../variables.ts'
import { excerpt } from '../visible.ts'
import type { Environment } from './environment.ts'

export interface Reading {
  env: Environment
  inputs: readonly Input[]
  /** `$NAME` is a variable, too. */
  isBare: boolean
  /** The folder that the client has open, if its file tells. */
  workspace: string | undefined
}

/** Reads the texts of one entry, and remembers what they lack. No reason shows a value. */
export class ServerTexts {
  readonly #reading: Reading
  /** Variables to set, with what is known of them. */
  readonly #lacking = new Map<string, string>()
  #foreign: string | undefined
  #wrong: string | undefined

  constructor(reading: Reading) {
    this.#reading = reading
  }

  read(raw: string): string {
    return partsOf(raw, this.#reading)
      .map((part) => this.#meaning(part))
      .join('')
  }

  /** Why nothing may come of it. */
  get wrong(): string | undefined {
    return this.#wrong
  }

  /** What somebody has to set, or to write, before it can be served. */
  get off(): string | undefined {
    if (this.#lacking.size === 0 || this.#foreign !== undefined) return this.#foreign
    const names = [...this.#lacking].map(([name, what]) => (what === '' ? name : `${name} (${what})`))
    return `set ${names.join(', ')}`
  }

  #meaning(part: Part): string {
    const { env, inputs, workspace } = this.#reading
    switch (part.kind) {
      case 'text':
        return part.text
      case 'folder':
        if (part.folder === 'home') return homeOf(env)
        return workspace ?? this.#variable(WORKSPACE_VARIABLE, 'the folder that the client has open')
      case 'variable':
        return this.#variable(part.name, '', part.fallback)
      case 'machine':
        return this.#variable(part.name, '')
      case 'input': {
        const { description = '', fallback } = inputs.find(({ id }) => id === part.id) ?? {}
        return this.#variable(inputVariable(part.id), excerpt(description, 80), fallback)
      }
      case 'foreign':
        this.#foreign ??= `${excerpt(part.text, 80)} is known to the client alone: write in its place what it stands for`
        return ''
    }
  }

  /** The default holds for an empty variable, too, as in a shell. */
  #variable(name: string, description: string, fallback?: string): string {
    if (isOwnVariable(name)) this.#wrong ??= `${name} is a variable of the bridge: no command gets it`
    const value = this.#reading.env[name]
    if (fallback !== undefined) return value || fallback
    if (value === undefined) this.#lacking.set(name, description)
    return value ?? ''
  }
}

export function homeOf(env: Environment): string {
  return env['HOME'] || env['USERPROFILE'] || homedir()
}
