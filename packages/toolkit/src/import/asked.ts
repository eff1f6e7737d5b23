// import/asked: texts with placeholders → texts for Compose, which refuses to start until somebody has filled them in.
import { inputVariable, partsOf, WORKSPACE_VARIABLE, type Input, type Part } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'
import type { Place } from './place.ts'

/** A line of `.env`. */
export interface Question {
  name: string
  description: string
  /** What the file says it is unless somebody changes it. */
  fallback: string | undefined
  isSecret: boolean
}

export interface Reading {
  inputs: readonly Input[]
  place: Place
  /** `$NAME` is a variable, too. */
  isBare: boolean
}

/** The folder that the client has open. */
const WORKSPACE: Question = {
  name: WORKSPACE_VARIABLE,
  description: 'the folder that the client has open, as an absolute path',
  fallback: undefined,
  isSecret: false,
}

export interface Read {
  /** Without questions: the text itself. */
  text: string | undefined
  /** With questions: the text for Compose. */
  compose: string
  questions: Question[]
  /** What stands beside the placeholders. */
  literal: string
  /** With what the file says each question is unless somebody changes it, where it says so of all. */
  filled: string | undefined
}

/** @throws ToolkitError for a placeholder that only the client understands */
export function readText(raw: string, reading: Reading): Read {
  const parts = partsOf(raw, reading).map((part) => settled(part, reading))
  const questions = parts.flatMap((part) => (typeof part === 'string' ? [] : [part]))
  const literals = parts.filter((part) => typeof part === 'string')
  return {
    text: questions.length === 0 ? literals.join('') : undefined,
    compose: parts.map((part) => (typeof part === 'string' ? forCompose(part) : insisted(part))).join(''),
    questions,
    literal: literals.join(' '),
    filled: questions.every(({ fallback }) => fallback !== undefined)
      ? parts.map((part) => (typeof part === 'string' ? part : (part.fallback ?? ''))).join('')
      : undefined,
  }
}

function settled(part: Part, { inputs, place }: Reading): string | Question {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'folder':
      return part.folder === 'home' ? place.home : (place.workspace ?? WORKSPACE)
    case 'variable': {
      const { name, fallback } = part
      return { name, description: `variable ${name} of the client`, fallback, isSecret: false }
    }
    case 'input': {
      const input = inputs.find(({ id }) => id === part.id)
      const name = inputVariable(part.id)
      const description = input?.description || `input ${part.id}`
      return { name, description, fallback: input?.fallback, isSecret: input?.isSecret === true }
    }
    case 'machine':
    case 'foreign':
      throw new ToolkitError(
        `${part.text} is known to the client alone: write in its place what it stands for`,
      )
  }
}

/** Compose prints the message, and starts nothing, while the variable is empty. */
export function insisted({ name, description }: Question): string {
  return `\${${name}:?fill in ${name} in .env: ${description.replaceAll(/[{}$]/g, '')}}`
}

export function forCompose(text: string): string {
  return text.replaceAll('$', '$$$$')
}
