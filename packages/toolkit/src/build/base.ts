// build/base: the base image of all tools, built once for each version of the bridge.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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
}

/** Holds a hash of the files that it was built from: a bridge of the same version may have changed. */
const LABEL = 'mcp-bridge.base'

export function baseFiles({ base, bundle }: Assets): Map<string, Buffer> {
  return new Map([
    ['Dockerfile', readFileSync(join(base, 'Dockerfile'))],
    ['mcp-bridge', readFileSync(join(base, 'mcp-bridge'))],
    ['mcp-bridge.bundle.cjs', readFileSync(bundle)],
    ['mcp-bridge.bundle.LICENSES.txt', readFileSync(bundle.replace(/\.cjs$/, '.LICENSES.txt'))],
  ])
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
