// import/arguments: the arguments of a client's entry → those in the image, those that Compose fills in, and folders.
import { ToolkitError } from '../errors.ts'
import { isNamedSecret, isSecretVariable } from '@mcp-bridge/client-file'
import type { Recipe } from '../recipe/schema.ts'
import { readText, type Question, type Reading } from './asked.ts'
import { isElsewhere, type Mounts } from './mounts.ts'
import { absolutePath } from './place.ts'

export interface Arguments {
  /** Of the whole tool, the recipe's among them. */
  baked: string[]
  /** What follows them, as text for Compose: from the first on that somebody has to fill in. */
  run: string[]
  questions: Question[]
  notes: string[]
}

export interface ArgumentOptions {
  recipe: Recipe | undefined
  mounts: Mounts
  reading: Reading
  /** Paths among them are those of a container already: `docker run`. */
  isInside: boolean
}

export function argumentsOf(args: readonly string[], options: ArgumentOptions): Arguments {
  const { recipe, mounts } = options
  const served = recipe === undefined ? undefined : servedFolder(recipe)
  const own = recipe?.args ?? []
  const result: Arguments = { baked: [], run: [], questions: [], notes: [] }
  const given = args.flatMap((arg, index): string[] => {
    if (options.isInside) return [checked(arg, args, index, options, result)]
    if (served !== undefined && !arg.startsWith('-')) {
      mounts.bind(arg, (name) => `${served}/${name}`)
      return []
    }
    const [, prefix = '', value = arg] = /^(--?[\w-]+=)(.+)$/s.exec(arg) ?? []
    const kept = keptDefault(args, index, prefix, value, options)
    if (kept !== undefined) {
      result.notes.push(kept.note)
      return [`${prefix}${kept.value}`]
    }
    const inside = mounts.bindIfHere(value)
    if (inside === undefined && isElsewhere(value))
      result.notes.push(`${value} stays as it is: it is not on this machine`)
    return [inside === undefined ? checked(arg, args, index, options, result) : `${prefix}${inside}`]
  })
  const first = given.findIndex((arg) => isRun(arg, options.reading))
  const end = first === -1 ? given.length : first
  result.baked = [...replaced(own, given), ...given.slice(0, end)]
  result.run = given.slice(end).map((arg) => readText(arg, options.reading).compose)
  return result
}

/** For a tool that serves the folders among its arguments: the volume that stands for them in the image. */
export function servedFolder({ volumes, args }: Recipe): string | undefined {
  return volumes.find(({ path }) => path === args[0])?.path
}

/** Arguments of the client take the place of the catalogue's with the same option. */
function replaced(own: readonly string[], given: readonly string[]): string[] {
  const options = new Set(given.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=')[0]))
  const isTaken = (arg: string): boolean => arg.startsWith('-') && options.has(arg.split('=')[0])
  return own.filter((arg, i) => {
    const before = own[i - 1]
    const isValue = !arg.startsWith('-') && before !== undefined && isTaken(before) && !before.includes('=')
    return !isTaken(arg) && !isValue
  })
}

/** An option whose catalogue default lies in a volume keeps it, unless what the client names is here or lies there, too. */
function keptDefault(
  args: readonly string[],
  index: number,
  prefix: string,
  value: string,
  { recipe, reading }: ArgumentOptions,
): { value: string; note: string } | undefined {
  const option = prefix === '' ? (args[index - 1] ?? '') : prefix.slice(0, -1)
  const at = option.startsWith('-') ? (recipe?.args.indexOf(option) ?? -1) : -1
  const standard = at === -1 ? undefined : recipe?.args[at + 1]
  const volume = recipe?.volumes.find(({ path }) => standard?.startsWith(`${path}/`))?.path
  if (standard === undefined || volume === undefined || value.startsWith(`${volume}/`)) return undefined
  const { text } = readText(value, reading)
  const path =
    text === undefined ? undefined : absolutePath(text, reading.place.workspace, reading.place.home)
  if (path !== undefined && reading.place.look(path) !== undefined) return undefined
  return {
    value: standard,
    note: `${option} stays ${standard}, which outlives the container: ${value} is not here`,
  }
}

function isRun(arg: string, reading: Reading): boolean {
  return readText(arg, reading).questions.length > 0
}

/** @throws ToolkitError for a placeholder that can be no argument */
function checked(
  arg: string,
  args: readonly string[],
  index: number,
  { reading }: ArgumentOptions,
  result: Arguments,
): string {
  const { text, questions } = readText(arg, reading)
  if (text !== undefined && text !== arg)
    throw new ToolkitError(
      `${arg} among its arguments stands for ${text}, which cannot be mounted: write the folder that the tool needs`,
    )
  const option = /^--?[\w-]+=/.exec(arg)?.[0].slice(0, -1) ?? args[index - 1] ?? ''
  const isOption = option.startsWith('-')
  const secret = questions.find(
    (each) => each.isSecret || isSecretVariable(each.name, '') || (isOption && isNamedSecret(option, 'x1')),
  )
  if (secret !== undefined)
    throw new ToolkitError(
      `a secret is asked for among its arguments (${isOption ? option : secret.name}), where everybody on the machine reads it: take it out there, and give it below "env" as the variable that the tool reads`,
    )
  result.questions.push(...questions)
  return arg
}
