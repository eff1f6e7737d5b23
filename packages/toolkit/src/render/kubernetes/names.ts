// render/kubernetes/names: what the objects of a tool are called, and where the pod has its files.
import type { Recipe } from '../../recipe/schema.ts'
import { volumeLabels } from '../../recipe/volume.ts'
import { serviceName } from '../names.ts'

/** Changed in place: the bridge reads it again. */
export const tokensSecret = (recipe: Recipe): string => `${serviceName(recipe)}-tokens`
/** What the tool reads at its start. */
export const toolSecret = (recipe: Recipe): string => `${serviceName(recipe)}-secrets`
export const settingsMap = (recipe: Recipe): string => `${serviceName(recipe)}-settings`
/** Gives each replica a name of its own in DNS. */
export const headlessService = (recipe: Recipe): string => `${serviceName(recipe)}-replicas`

export const TOKENS_KEY = 'tokens'
export const ENV_KEY = 'env'
/** Whole folders: a single file that is mounted (`subPath`) would never change again. */
export const TOKENS_FOLDER = '/etc/mcp-bridge/tokens'
export const SECRETS_FOLDER = '/etc/mcp-bridge/secrets'

export function labels(recipe: Recipe): Record<string, string> {
  return { 'app.kubernetes.io/name': serviceName(recipe), 'app.kubernetes.io/part-of': 'mcp-bridge' }
}

export function selector(recipe: Recipe): { matchLabels: Record<string, string> } {
  return { matchLabels: { 'app.kubernetes.io/name': serviceName(recipe) } }
}

/** By path; a name has at most 63 characters. The prefix keeps them apart from the pod's own. */
export function volumeNames({ volumes }: Recipe): Map<string, string> {
  const found = volumeLabels(volumes.map(({ path }) => path))
  return new Map(
    volumes.map(({ path }, i) => {
      const label = found?.get(path) ?? ''
      return [path, `volume-${label !== '' && label.length <= 50 ? label : i}`]
    }),
  )
}
