// build/build: builds an image of rendered files in the Docker engine.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { writeFiles } from '../files.ts'
import { exec } from '../exec.ts'

export interface BuildOptions {
  tag: string
  files: ReadonlyMap<string, string | Buffer>
  /** File with the certificates of a site that has its own CA. */
  ca?: string | undefined
  /** Values of the Dockerfile's ARGs: other base images. */
  args?: Readonly<Record<string, string>>
  labels?: Readonly<Record<string, string>>
  /** `plain` and `tty` go to stderr. */
  progress: 'auto' | 'plain' | 'tty' | 'quiet'
}

const MISSING = 'install Docker with buildx, or render the files and build them elsewhere'

/** @throws ToolkitError if there is no engine, or the build fails */
export async function buildImage({
  tag,
  files,
  ca,
  args = {},
  labels = {},
  progress,
}: BuildOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-build-'))
  try {
    writeFiles(folder, files)
    await docker(
      [
        ...['build', '--tag', tag, '--progress', progress === 'quiet' ? 'plain' : progress],
        ...(ca === undefined ? [] : ['--secret', `id=ca,src=${ca}`]),
        ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
        ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
        folder,
      ],
      { isShown: progress !== 'quiet' },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface BuiltImage {
  id: string
  sizeBytes: number
  labels: Record<string, string>
  entrypoint: string[]
  command: string[]
}

/** Undefined if the engine has none of this name. */
export async function inspectImage(tag: string): Promise<BuiltImage | undefined> {
  let text: string
  try {
    text = await docker(['image', 'inspect', tag])
  } catch (error) {
    if (error instanceof ToolkitError && /no such image/i.test(error.message)) return undefined
    throw error
  }
  const [image] = JSON.parse(text) as {
    Id: string
    Size: number
    Config: { Labels?: Record<string, string> | null; Entrypoint?: string[] | null; Cmd?: string[] | null }
  }[]
  if (image === undefined) return undefined
  const { Labels, Entrypoint, Cmd } = image.Config
  return {
    id: image.Id,
    sizeBytes: image.Size,
    labels: Labels ?? {},
    entrypoint: Entrypoint ?? [],
    command: Cmd ?? [],
  }
}

function docker(args: readonly string[], options: { isShown?: boolean } = {}): Promise<string> {
  return exec(['docker', ...args], { ...options, missing: MISSING, env: { DOCKER_BUILDKIT: '1' } })
}
