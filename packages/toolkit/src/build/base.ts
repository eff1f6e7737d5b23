// build/base: the base image of all tools, built once for each version of the bridge.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseOf, type Bases } from '../render/bases.ts'
import { baseImage } from '../render/layout.ts'
import { fingerprint } from '../render/render.ts'
import { buildImage, inspectImage, type BuildOptions } from './build.ts'

/** Where the files are that come with mcp-bridge. */
export interface Assets {
  /** Folders of recipes. */
  catalogue: string
  /** Dockerfile and launcher of the base image. */
  base: string
  /** The bridge in one file. */
  bundle: string
  version: string
  /** Which images all others stand on, where a file says it. */
  bases: Bases
}

/** Holds a hash of the files that it was built from: a bridge of the same version may have changed. */
const LABEL = 'mcp-bridge.base'

export function baseFiles({ base, bundle, bases }: Assets): Map<string, Buffer> {
  return new Map([
    ['Dockerfile', Buffer.from(onBases(readFileSync(join(base, 'Dockerfile'), 'utf8'), bases))],
    ['mcp-bridge', readFileSync(join(base, 'mcp-bridge'))],
    ['mcp-bridge.bundle.cjs', readFileSync(bundle)],
    ['mcp-bridge.bundle.LICENSES.txt', readFileSync(bundle.replace(/\.cjs$/, '.LICENSES.txt'))],
  ])
}

/** Its first lines name the two images that it is made of. */
function onBases(dockerfile: string, bases: Bases): string {
  return dockerfile
    .replace(/^ARG NODE_IMAGE=.*$/m, `ARG NODE_IMAGE=${baseOf('node', bases)}`)
    .replace(/^ARG DEBIAN_IMAGE=.*$/m, `ARG DEBIAN_IMAGE=${baseOf('debian', bases)}`)
}

/** Builds it unless the engine has one of the same files; returns its name. */
export async function ensureBase(
  assets: Assets,
  options: Pick<BuildOptions, 'ca' | 'progress'>,
): Promise<{ tag: string; isNew: boolean }> {
  const files = baseFiles(assets)
  const tag = baseImage(assets.version)
  const print = fingerprint(files)
  if ((await inspectImage(tag))?.labels[LABEL] === print) return { tag, isNew: false }
  await buildImage({ ...options, tag, files, labels: { [LABEL]: print } })
  return { tag, isNew: true }
}
