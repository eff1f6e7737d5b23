// matrix/plan: what each client does with each tool, and what shows that it was done.
import { fileURLToPath } from 'node:url'
import { fixture } from '@mcp-bridge/testkit'
import { VERSIONS, type Installed } from './install.ts'

/** In the order in which a client tries them: the call that is cancelled comes last. */
export const FEATURES = [
  'list',
  'call',
  'resources',
  'prompts',
  'sampling',
  'elicitation',
  'roots',
  'progress',
  'logging',
  'listen',
  'cancel',
] as const
export type Feature = (typeof FEATURES)[number]

/** What the clients answer when they are asked. */
export const ANSWERS = { sampling: 'a sampled answer', name: 'Ada', root: 'file:///home/ada' } as const

export interface Step {
  /** Of a tool or a prompt. */
  name?: string
  args?: Record<string, unknown>
  uri?: string
  /** What must be in that which the client saw. */
  says: string
}

/** What a tool does not offer is not in it. */
export type Plan = Partial<Record<Feature, Step>>

/** What a client saw of a step, or why it did not. */
export interface Seen {
  /** Nothing where the client does not tell. */
  revision?: string | undefined
  features: Partial<Record<Feature, { said: string } | { failed: string }>>
}

export interface Tool {
  name: string
  kind: string
  command(installed: Installed): string[]
  /** @param row is in what a client does with a process that others use too, and tells them apart. */
  plan(row: number): Plan
  /** Why the rest is not tried. */
  lacks: string
  /** Each client has a bridge of its own: it has one process for all, and nobody hears what it logs while several call it. */
  isAlone?: true
}

const bin = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/.bin/mcp-server-${name}`, import.meta.url))

const everything: Tool = {
  name: `server-everything ${VERSIONS.everything}`,
  kind: 'knows only what came before 2026-07-28',
  command: () => [bin('everything'), 'stdio'],
  plan: (row) => ({
    list: { says: 'trigger-long-running-operation' },
    call: { name: 'echo', args: { message: 'žluťoučký' }, says: 'Echo: žluťoučký' },
    resources: { uri: 'demo://resource/static/document/features.md', says: 'Everything Server' },
    prompts: { name: 'args-prompt', args: { city: 'Brno' }, says: 'Brno' },
    sampling: {
      name: 'trigger-sampling-request',
      args: { prompt: 'say it', maxTokens: 9 },
      says: ANSWERS.sampling,
    },
    elicitation: { name: 'trigger-elicitation-request', args: {}, says: ANSWERS.name },
    roots: { name: 'get-roots-list', args: {}, says: ANSWERS.root },
    progress: { name: 'trigger-long-running-operation', args: { duration: 0.6, steps: 3 }, says: '1 of 3' },
    logging: { name: 'toggle-simulated-logging', args: {}, says: 'message' },
    listen: {
      name: 'gzip-file-as-resource',
      args: { name: 'm.gz', data: 'data:text/plain,hello', outputType: 'resource' },
      says: 'notifications/resources/list_changed',
    },
    cancel: {
      name: 'trigger-long-running-operation',
      args: { duration: 100_000 + row, steps: 1 },
      says: 'cancelled',
    },
  }),
  lacks: '',
}

const time: Tool = {
  name: `mcp-server-time ${VERSIONS.time}`,
  kind: 'speaks both',
  command: ({ time: program }) => [program, '--local-timezone', 'Europe/Prague'],
  plan: () => ({
    list: { says: 'get_current_time' },
    call: { name: 'get_current_time', args: { timezone: 'UTC' }, says: '"timezone": "UTC"' },
  }),
  lacks: 'It has tools that answer at once and ask nothing.',
}

const context7: Tool = {
  name: `context7 ${VERSIONS.context7}`,
  kind: 'speaks both',
  command: ({ context7: program }) => [process.execPath, program],
  plan: () => ({ list: { says: 'resolve-library-id' } }),
  lacks: 'Its tools ask a service on the Internet; they are listed, not called.',
}

const modern: Tool = {
  name: 'a tool of 2026-07-28',
  kind: 'knows only 2026-07-28',
  command: () => fixture('speaks-modern', 'only'),
  plan: (row) => ({
    list: { says: 'test_simple_text' },
    call: { name: 'echo', args: { text: 'žluťoučký' }, says: 'žluťoučký' },
    resources: { uri: 'test://static-text', says: 'static text resource' },
    prompts: { name: 'test_prompt_with_arguments', args: { arg1: 'Brno', arg2: 'x' }, says: "arg1='Brno'" },
    sampling: { name: 'test_sampling', args: { prompt: 'say it' }, says: ANSWERS.sampling },
    elicitation: { name: 'elicit', args: {}, says: ANSWERS.name },
    roots: { name: 'test_input_required_result_list_roots', args: {}, says: ANSWERS.root },
    progress: { name: 'test_tool_with_progress', args: {}, says: '50 of 100' },
    logging: { name: 'test_tool_with_logging', args: {}, says: 'processing' },
    listen: {
      name: 'resourceUpdated',
      args: { uri: `test://row/${row}` },
      uri: `test://row/${row}`,
      says: 'notifications/resources/updated',
    },
    cancel: { name: 'sleep', args: { ms: 100_000 + row }, says: 'cancelled' },
  }),
  lacks: '',
  isAlone: true,
}

export const TOOLS: readonly Tool[] = [everything, time, context7, modern]
