// render/place: where things are in an image, and what everything of ours is called.
import type { Recipe } from '../recipe/schema.ts'
import { volumeLabels } from '../recipe/volume.ts'

export const BRIDGE_FOLDER = '/opt/mcp-bridge'
export const BRIDGE = `${BRIDGE_FOLDER}/bin/mcp-bridge`
export const NODE = `${BRIDGE_FOLDER}/bin/node`
export const TINI = `${BRIDGE_FOLDER}/bin/tini`
export const PORT = 8000
/** Of nobody in particular; its group is 0, which owns what is written. */
export const UID = 10_001
export const HEALTHCHECK = ['CMD', BRIDGE, 'healthcheck']

/** Current LTS or stable lines, by name: what changes below a tag is a matter of a rebuild. */
export const BASES = {
  debian: 'debian:trixie-slim',
  node: 'node:24-trixie-slim',
  python: 'python:3.13-slim-trixie',
  go: 'golang:1.26-trixie',
} as const

/** The base image goes with the version of the bridge in it. */
export function baseImage(bridgeVersion: string): string {
  return `mcp-bridge-base:${bridgeVersion}`
}

/** Of the service, the image and the host name. */
export function serviceName({ name }: Pick<Recipe, 'name'>): string {
  return `mcp-${name}`
}

/** LiteLLM takes no "-" in a name. */
export function litellmName({ name }: Pick<Recipe, 'name'>): string {
  return name.replaceAll('-', '_')
}

/** A variable of LiteLLM's surroundings, or of `.env` there, that belongs to one tool: no other program knows the name. */
export function toolVariable(alias: string, name: string): string {
  return `MCP_${alias.toUpperCase()}_${name}`
}

/** The variable with the token that LiteLLM shows to the bridge. */
export function tokenVariable(alias: string): string {
  return toolVariable(alias, 'TOKEN')
}

/** What is run, without a package manager in between. */
export function program(recipe: Recipe): string[] {
  switch (recipe.runtime) {
    case 'node':
      return [NODE, `/app/node_modules/${recipe.package}/${recipe.entry}`]
    case 'python':
      return [`/app/bin/${recipe.entry}`]
    case 'go':
      return ['/app/tool']
    case 'binary':
      return [`/app/${recipe.entry}`]
    case 'image':
      return [recipe.entry]
  }
}

/** Secrets that come as lines of one file; the others are files of their own. */
export function secretFiles(recipe: Recipe): { lines: Recipe['secrets']; files: Recipe['secrets'] } {
  return {
    lines: recipe.secrets.filter(({ file }) => !file),
    files: recipe.secrets.filter(({ file }) => file),
  }
}

/** Where a secret that is a file lies in the container. */
export function secretPath(recipe: Recipe, name: string): string {
  return `/run/secrets/${secretName(recipe, name)}`
}

export function secretName(recipe: Recipe, name: string): string {
  return `${serviceName(recipe)}-${name.toLowerCase().replaceAll('_', '-')}`
}

/** Of a volume that must last: the tool's name, and what tells its folder from the others. */
export function volumeName(recipe: Recipe, path: string): string {
  const label = volumeLabels(recipe.volumes.map((volume) => volume.path))?.get(path) ?? ''
  return `${serviceName(recipe)}-${label}`
}
