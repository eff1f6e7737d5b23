// lock/packager: uv and go, as they are installed here or, where they are not, in a container of the base images.
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { buildImage, inspectImage } from '../build/build.ts'
import { ToolkitError } from '../errors.ts'
import { exec, trusted } from '../exec.ts'
import { baseOf, type Bases } from '../render/bases.ts'
import { fingerprint } from '../render/render.ts'

interface Packager {
  program: string
  /** Says its version. */
  probe: string
  /** Where it comes from. */
  site: string
  env: Readonly<Record<string, string>>
  image: () => Promise<string> | string
}

/** What decides here where packages come from decides it in the container, too. */
const PASSED =
  /^((https?|no|all)_proxy|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL)|GO(PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE))$/i

/** uv with the Python that is there: it fetches no interpreter. @param cwd in a folder of `inTempFolder` */
export function uv(args: readonly string[], cwd: string): Promise<string> {
  const env = { UV_PYTHON_DOWNLOADS: 'never' }
  return ask(
    { program: 'uv', probe: '--version', site: 'https://docs.astral.sh/uv', env, image: uvImage },
    args,
    cwd,
  )
}

/** go as it is installed: it fetches no other version of itself. @param cwd in a folder of `inTempFolder`, or in go's cache */
export function go(args: readonly string[], cwd: string): Promise<string> {
  const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' }
  return ask(
    { program: 'go', probe: 'version', site: 'https://go.dev/dl', env, image: () => baseOf('go', bases) },
    args,
    cwd,
  )
}

async function ask(packager: Packager, args: readonly string[], cwd: string): Promise<string> {
  const { program, probe, site, env, image } = packager
  if (await isInstalled(program, probe)) return exec([program, ...args], { cwd, env })
  if (!(await isInstalled('docker', '--version')))
    throw new ToolkitError(`neither ${program} nor Docker is here, and this needs one of them`, {
      hint: `install ${program} (${site}) or Docker`,
    })
  return exec([...container(await image(), program, cwd, env), ...args])
}

const installed = new Map<string, Promise<boolean>>()

function isInstalled(program: string, probe: string): Promise<boolean> {
  const known = installed.get(program)
  if (known !== undefined) return known
  const found = exec([program, probe]).then(
    () => true,
    () => false,
  )
  installed.set(program, found)
  return found
}

/** The task's folder is mounted under its own path, with all caches in it: what a program names there is found here, too. */
function container(
  image: string,
  program: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): string[] {
  const folder = join(tmpdir(), relative(tmpdir(), cwd).split(sep)[0] ?? '')
  const ca = trusted()
  const set = {
    ...env,
    HOME: '/tmp',
    ...(program === 'go'
      ? // What is written read-only could not be removed with the folder.
        { GOFLAGS: `${env['GOFLAGS'] ?? ''} -modcacherw`, GOMODCACHE: join(folder, '.go') }
      : {}),
    ...(ca === undefined ? {} : { SSL_CERT_FILE: '/run/ca.pem' }),
  }
  return [
    ...['docker', 'run', '--rm', '--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--volume', `${folder}:${folder}`, '--workdir', cwd],
    ...(ca === undefined ? [] : ['--volume', `${ca}:/run/ca.pem:ro`]),
    ...Object.keys(process.env).flatMap((name) => (PASSED.test(name) ? ['--env', name] : [])),
    ...Object.entries(set).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...['--entrypoint', program, image],
  ]
}

let uvPin = ''
let bases: Bases | undefined

/** @param pinOfUv file with the version of uv that is installed where none is, and its hashes */
export function packFrom(pinOfUv: string, images: Bases): void {
  uvPin = pinOfUv
  bases = images
}

const UV_STEPS = `
COPY uv.txt /
RUN --mount=type=secret,id=ca,target=/run/ca.pem --mount=type=cache,target=/root/.cache/pip \\
    if [ -s /run/ca.pem ]; then export PIP_CERT=/run/ca.pem; fi; \\
    pip install --require-hashes --only-binary :all: --quiet --disable-pip-version-check --root-user-action ignore --requirement /uv.txt
`

async function uvImage(): Promise<string> {
  const files = new Map([
    ['Dockerfile', `FROM ${baseOf('python', bases)}${UV_STEPS}`],
    ['uv.txt', readFileSync(uvPin, 'utf8')],
  ])
  const tag = `mcp-bridge-uv:${fingerprint(files)}`
  if ((await inspectImage(tag)) === undefined)
    await buildImage({ tag, files, ca: trusted(), progress: 'quiet' })
  return tag
}
