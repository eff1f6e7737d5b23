// render/asked: files that a person writes before the tool can start. None of them is rendered, so none can be forgotten as it was.
import type { Recipe } from '../recipe/schema.ts'
import { secretLines } from './compose.ts'
import { secretFiles } from './layout.ts'
import { secretName, serviceName } from './names.ts'

export interface Asked {
  /** `name:token` lines, one for each client. */
  tokens: string
  /** `KEY=VALUE` lines of secrets. */
  env: string | undefined
  /** Whole files that are secrets. */
  files: { variable: string; file: string; description: string }[]
  /** `KEY=VALUE` lines of what is no secret. */
  settings: string | undefined
}

/** By name, without a folder. */
export function asked(recipe: Recipe): Asked {
  const name = serviceName(recipe)
  const { lines, files } = secretFiles(recipe)
  return {
    tokens: `${name}.tokens`,
    env: lines.length === 0 ? undefined : `${name}.env`,
    files: files.map((each) => {
      return { variable: each.name, file: secretName(recipe, each.name), description: each.description }
    }),
    settings: recipe.environment.length === 0 ? undefined : 'settings.env',
  }
}

/** Templates of those that have lines of their own, to copy without `.example` and to fill in. */
export function examples(recipe: Recipe, folder: string): [string, string][] {
  const { env, settings } = asked(recipe)
  return [
    ...(env === undefined ? [] : [pair(`${folder}/secrets/${env}.example`, secretLines(recipe))]),
    ...(settings === undefined ? [] : [pair(`${folder}/${settings}.example`, settingLines(recipe))]),
  ]
}

/** What a shell has to do before anything can start. */
export function preparation(recipe: Recipe): string[] {
  const { tokens, env, files, settings } = asked(recipe)
  return [
    ...(env === undefined
      ? ['mkdir -p secrets']
      : [`cp secrets/${env}.example secrets/${env}  # then fill it in`]),
    ...(settings === undefined ? [] : [`cp ${settings}.example ${settings}  # then fill it in`]),
    ...files.map(({ file, description }) => `cp YOUR-FILE secrets/${file}  # ${description}`),
    `(umask 077; echo "gateway:$(openssl rand -hex 32)" > secrets/${tokens})  # a line for each client: name:token`,
  ]
}

/** What has a default, or may be left out, is commented out. */
function settingLines({ environment }: Recipe): string {
  return environment
    .map(({ name, description, required, default: fallback }) => {
      const isMissing = required && fallback === undefined
      return `# ${description}${isMissing ? ' (required)' : ''}\n${isMissing ? '' : '# '}${name}=${fallback ?? ''}\n`
    })
    .join('')
}

function pair(path: string, text: string): [string, string] {
  return [path, text]
}
