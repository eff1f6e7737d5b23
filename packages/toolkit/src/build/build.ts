// build/build: builds an image of rendered files in the Docker engine.
import { ToolkitError } from '../errors.ts'
import { writeFiles } from '../files.ts'
import { exec, type RunOptions } from '../exec.ts'
import { inTempFolder } from '../temp.ts'

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
  await inTempFolder('build', async (folder) => {
    writeFiles(folder, files)
    await docker(
      [
        ...['build', '--tag', tag, '--progress', progress === 'quiet' ? 'plain' : progress],
        ...(ca === undefined ? [] : ['--secret', `id=ca,src=${ca}`]),
        ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
        ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
        folder,
      ],
      { shown: SHOWN[progress], hintFor: (said) => certificateHint(said, ca) },
    )
  })
}

const SHOWN = { auto: 'display', tty: 'display', plain: 'lines', quiet: undefined } as const
const CERTIFICATE =
  /SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|DEPTH_ZERO|CERTIFICATE_VERIFY_FAILED|certificate (verify failed|signed by unknown authority)|x509:|self.signed certificate/i

/** A site that inspects TLS has an authority of its own, which no image knows. */
function certificateHint(said: string, ca: string | undefined): string | undefined {
  const remedy = `--ca FILE, or BUILD_CA=FILE: the certificates of your site's own authority, in PEM`
  if (CERTIFICATE.test(said))
    return ca === undefined ? remedy : `the certificate that was met is not of an authority in ${ca}`
  // What was drawn on the terminal is not known here.
  return said === '' && ca === undefined ? `if a certificate was refused above: ${remedy}` : undefined
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

function docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
  return exec(['docker', ...args], { ...options, missing: MISSING, env: { DOCKER_BUILDKIT: '1' } })
}
