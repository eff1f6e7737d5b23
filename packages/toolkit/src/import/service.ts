// import/service: a tool with its plan → its part of the Compose file, and what it keeps secret.
import { ToolkitError } from '../errors.ts'
import type { Tool } from '../recipe/read.ts'
import { composeFile, secretLines, type ComposeFile } from '../render/compose.ts'
import { serviceName } from '../render/names.ts'
import { forCompose, insisted, type Question } from './asked.ts'
import { fileSecrets, mount } from './service-mounts.ts'
import type { Plan } from './plan.ts'
import { envLine } from './values.ts'

export interface Part {
  compose: ComposeFile
  /** The file of its secrets; empty if it has none. */
  secrets: string
  questions: Question[]
}

/** @param paths options of the bridge by which the front finds it */
export function partOf(
  tool: Tool,
  plan: Plan,
  { tag, paths, own }: { tag: string; paths: Record<string, string>; own(name: string): string },
): Part {
  const { recipe } = tool
  const name = serviceName(recipe)
  const given = plan.values.filter(({ isSecret, value }) => !isSecret && value !== undefined)
  const compose = composeFile(recipe, {
    tag,
    values: Object.fromEntries(given.map(({ name: each, value }) => [each, value ?? ''])),
  })
  const service = compose.services[name] ?? {}
  service['build'] = { context: `./images/${recipe.name}`, secrets: ['ca'] }
  const wanted = requiredOf(tool, plan, own)
  // By entries, since a variable may be called `__proto__`.
  service['environment'] = Object.fromEntries([
    ...Object.entries({ ...(service['environment'] as object), ...paths, ...escaped(plan.bridge) }),
    ...plan.values.flatMap(({ name: each, asked }) => (asked === undefined ? [] : [[each, asked]])),
    ...wanted.flatMap(({ variable, question }) =>
      question.isSecret ? [[variable, insisted(question)]] : [],
    ),
  ]) as Record<string, string>
  if (plan.runArgs.length > 0) service['command'] = plan.runArgs
  if (plan.user !== undefined) service['user'] = plan.user
  const { extraHosts = [], shmSize } = plan.parsed.run ?? {}
  if (extraHosts.length > 0) service['extra_hosts'] = extraHosts.map(forCompose)
  if (shmSize !== undefined) service['shm_size'] = shmSize
  mount(compose, service, tool, plan)
  fileSecrets(compose, service, tool, plan)
  network(compose, tool)
  return {
    compose,
    secrets: secretText(tool, plan, wanted),
    questions: wanted.map(({ question }) => question),
  }
}

/** Variables that the recipe requires and the client does not give. */
function requiredOf(
  { recipe }: Tool,
  { values }: Plan,
  own: (name: string) => string,
): { variable: string; question: Question }[] {
  const isGiven = (name: string): boolean => values.some((value) => value.name === name)
  const missing = [
    ...recipe.secrets.filter(({ required, file, name }) => required && !file && !isGiven(name)),
    ...recipe.environment.filter(
      (each) => each.required && each.default === undefined && !isGiven(each.name),
    ),
  ]
  return missing.map(({ name, description }) => {
    const isSecret = recipe.secrets.some((secret) => secret.name === name)
    const question = { name: isSecret ? own(name) : name, description, fallback: undefined, isSecret }
    return { variable: name, question }
  })
}

/** A network for each tool: it meets the front there, and nobody else. */
function network(compose: ComposeFile, { recipe }: Tool): void {
  const name = serviceName(recipe)
  for (const service of Object.values(compose.services)) service['networks'] = [name]
  compose.networks = { [name]: recipe.network === 'none' ? { internal: true } : {} }
}

function secretText(tool: Tool, plan: Plan, wanted: readonly { variable: string }[]): string {
  const asked = new Set([
    ...wanted.map(({ variable }) => variable),
    ...plan.values.filter((value) => value.asked !== undefined).map(({ name }) => name),
  ])
  const blocks = secretLines(tool.recipe).match(/# .*\n(?:# )?\w+=\n/g) ?? []
  const kept = blocks
    .map((block) => {
      const [, name = ''] = /\n(?:# )?(\w+)=\n$/.exec(block) ?? []
      if (asked.has(name)) return ''
      const found = plan.values.find((value) => value.name === name)
      return found?.value === undefined ? block : block.replace(/[^\n]*\n$/, envLine(name, found.value))
    })
    .join('')
  // The file is mounted, so it must be there.
  return blocks.length > 0 && kept === '' ? '# What this tool needs is asked for in .env.\n' : kept
}

function escaped(options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, forCompose(value)]))
}

/** Names in these must not clash: `x` with a login has a service `mcp-x-login`, and so has a tool called `x-login`. */
const OWN = ['services', 'networks', 'secrets', 'volumes'] as const

/** @throws ToolkitError rather than give one tool what is another's */
export function merge(into: ComposeFile, part: ComposeFile): void {
  for (const kind of OWN) {
    const twice = Object.keys(part[kind] ?? {}).find((name) => name in (into[kind] ?? {}))
    if (twice !== undefined)
      throw new ToolkitError(`another tool has ${twice} among its ${kind} already: call this one otherwise`)
  }
  Object.assign(into.services, part.services)
  Object.assign(into.networks, part.networks)
  into.secrets = { ...into.secrets, ...part.secrets }
  into.volumes = { ...into.volumes, ...part.volumes }
}
