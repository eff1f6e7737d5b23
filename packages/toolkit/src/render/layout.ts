// render/layout: where things are in an image, and which base images it is built on.
import type { Recipe } from '../recipe/schema.ts'
import { secretName } from './names.ts'

export const BRIDGE_FOLDER = '/opt/mcp-bridge'
export const BRIDGE = `${BRIDGE_FOLDER}/bin/mcp-bridge`
export const NODE = `${BRIDGE_FOLDER}/bin/node`
export const TINI = `${BRIDGE_FOLDER}/bin/tini`
/** What was accepted of the tool: root's, so that the tool cannot change it. */
export const TOOLS_LOCK_PATH = `${BRIDGE_FOLDER}/tools.lock.json`
export const PORT = 8000
/** An unprivileged user; its group is 0, which may write to the volumes. */
export const UID = 10_001
export const HEALTHCHECK = ['CMD', BRIDGE, 'healthcheck']

/** Locks are made for the versions that the images have. */
export const PYTHON_VERSION = '3.13'
export const GO_VERSION = '1.26'

/** Current LTS or stable lines, by tag; what changes below a tag comes with the next build, unless a file pins it: see bases. */
export const BASES = {
  debian: 'debian:trixie-slim',
  node: 'node:24-trixie-slim',
  python: `python:${PYTHON_VERSION}-slim-trixie`,
  go: `golang:${GO_VERSION}-trixie`,
  /** In front of a stack of `compose from`; as in the LAN stack. */
  caddy: 'caddy:2.10.2',
} as const

/** Its tag is the version of the bridge in it. */
export function baseImage(bridgeVersion: string): string {
  return `mcp-bridge-base:${bridgeVersion}`
}

/** The argv of the tool itself: no package manager runs in between. */
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

/** Most secrets are lines of one file; those marked `file` are files of their own. */
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
