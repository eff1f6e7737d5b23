// render/render: recipe and lock → every file of the image; the same input always gives the same bytes.
import { createHash } from 'node:crypto'
import { refuseSecrets } from '../recipe/secret-check.ts'
import type { Tool } from '../recipe/read.ts'
import { TOOLS_LOCK } from '../recipe/tools-lock.ts'
import type { Bases } from './bases.ts'
import { renderBake } from './bake.ts'
import type { Recipe } from '../recipe/schema.ts'
import { composeFile, renderCompose, secretLines } from './compose.ts'
import { renderDockerfile } from './dockerfile.ts'
import { renderKubernetes } from './kubernetes/kubernetes.ts'
import { renderLiteLlm } from './litellm.ts'
import { serviceName } from './names.ts'
import { renderPodman } from './podman/podman.ts'

export interface Rendered {
  /** `mcp-fetch:1.2.3-0123456789ab`; the end is a hash of everything that the image is built from. */
  tag: string
  /** By path. Those of the lock are bytes, all others text. */
  files: ReadonlyMap<string, string | Buffer>
}

export interface RenderOptions {
  /** Of the base image. */
  bridgeVersion: string
  /** Digests of what it stands on. */
  bases?: Bases
  /** Beside Compose. */
  platforms?: readonly Platform[]
}

export type Platform = keyof typeof PLATFORMS

/** Each has a folder of its own. */
const PLATFORMS = { kubernetes: renderKubernetes, podman: renderPodman }

const IGNORE = '# Only what the Dockerfile copies.\n*\n!lock\n'
const MADE = '# Made by mcp-bridge from recipe.yaml and lock/: change those, not this.\n'

/** @throws ToolkitError if a secret would be in the image */
export function render(
  { recipe, text, lock, toolsLock }: Tool,
  { bridgeVersion, bases, platforms = [] }: RenderOptions,
): Rendered {
  refuseSecrets(recipe)
  const isLocked = toolsLock !== undefined
  const dockerfile = renderDockerfile(recipe, bridgeVersion, { bases, isLocked })
  const sources = [...lock].map(([name, bytes]): [string, Buffer] => [`lock/${name}`, bytes])
  const image = new Map<string, string | Buffer>([
    ['Dockerfile', dockerfile],
    ['.dockerignore', isLocked ? `${IGNORE}!${TOOLS_LOCK}\n` : IGNORE],
    ...sources,
    ...(isLocked ? [[TOOLS_LOCK, toolsLock] as const] : []),
  ])
  const tag = `${serviceName(recipe)}:${tagVersion(recipe.version)}-${fingerprint(image)}`
  const files = new Map<string, string | Buffer>([
    ...image,
    ['recipe.yaml', text],
    ['compose.yaml', renderCompose(composeFile(recipe, { tag }), MADE)],
    ['litellm.yaml', `${MADE}${renderLiteLlm([recipe])}`],
    ['docker-bake.hcl', renderBake(recipe, tag, bridgeVersion)],
    ...secretsExample(recipe),
    ...platforms.flatMap((platform) => PLATFORMS[platform](recipe, tag)),
  ])
  return { tag, files }
}

/** Of the rendered files, by their path, those that the image is built from, and its recipe. */
export function isBuildContext(path: string): boolean {
  return /^(Dockerfile|\.dockerignore|recipe\.yaml|tools\.lock\.json|lock\/.+)$/.test(path)
}

/** A template to copy to `….env` beside it and to fill in. */
function secretsExample(recipe: Recipe): [string, string][] {
  const lines = secretLines(recipe)
  return lines === '' ? [] : [[`secrets/${serviceName(recipe)}.env.example`, lines]]
}

/** Hashes names, lengths and bytes: moving bytes from one file to the next changes it. */
export function fingerprint(files: ReadonlyMap<string, string | Buffer>): string {
  const hash = createHash('sha256')
  for (const [name, content] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = Buffer.from(content)
    hash.update(`${name}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex').slice(0, 12)
}

/** A tag has no "+". */
function tagVersion(version: string): string {
  return version.replaceAll('+', '-').slice(0, 100)
}
