// cli/compose: what `mcp-bridge compose from` does.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, isIP } from 'node:net'
import { basename, join, resolve } from 'node:path'
import { ClientFileError, readClientFile, type ClientFile } from '@mcp-bridge/client-file'
import type { Assets } from '../build/base.ts'
import { listeningIn } from '../import/dotenv.ts'
import { placeOf } from '../import/place.ts'
import { importFile, type Imported } from '../import/project.ts'
import { ToolkitError } from '../errors.ts'
import { readText } from '../files.ts'
import type { Common, Io } from './image.ts'
import { tokenIn, writeStack } from './stack-files.ts'
import { stackText } from './stack-text.ts'
import { json } from './text.ts'

export interface FromOptions extends Common {
  bind?: string
  port?: string
}

export async function from(path: string, options: FromOptions, assets: Assets, io: Io): Promise<void> {
  const folder = options.output ?? 'mcp-bridge-stack'
  const whole = resolve(path)
  const file = fileOf(readText(path), whole)
  const { bind, port } = await listening(folder, options)
  const imported = await importFile(file, {
    assets,
    place: placeOf(whole, file.workspace),
    project: projectOf(folder),
    ...{ bind, port },
    tokenOf: (service, principal) => tokenIn(folder, service, principal),
    say: (text) => {
      if (options.format === 'table') io.err(`${text}\n`)
    },
  })
  if (imported.tools.length + imported.remote.length === 0)
    throw new ToolkitError(['there is nothing in it that can be wrapped:', ...reasons(imported)].join('\n  '))
  if (!options.dryRun) writeStack(folder, imported, { bind, port })
  const { tools, remote, remoteSecret, leftOut, questions, client } = imported
  const files = [...imported.files.keys(), ...imported.secrets.keys()]
  if (options.format === 'json')
    return io.out(
      json({
        ...{ folder, tools, remote, remoteSecret, leftOut, files, isDryRun: options.dryRun },
        ...{
          questions: questions.map(({ name, description }) => ({ name, description })),
          client: client.file,
        },
      }),
    )
  io.out(stackText(imported, { folder, bind, isDryRun: options.dryRun, client: file.client }))
}

function fileOf(content: string, path: string): ClientFile {
  try {
    return readClientFile(content, path)
  } catch (error) {
    if (!(error instanceof ClientFileError)) throw error
    throw new ToolkitError(error.message, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}

/** Of an earlier run, unless an option says otherwise. */
async function listening(folder: string, options: FromOptions): Promise<{ bind: string; port: number }> {
  const path = join(folder, '.env')
  const before = existsSync(path) ? listeningIn(readFileSync(path, 'utf8')) : {}
  const bind = options.bind ?? before.bind ?? '127.0.0.1'
  if (isIP(bind) === 0)
    throw new ToolkitError(`--bind ${bind} is no address`, {
      hint: 'write one of this machine, such as 127.0.0.1',
    })
  if (options.port === undefined) return { bind, port: before.port ?? (await freePort(bind)) }
  const port = Number(options.port)
  if (!/^\d+$/.test(options.port) || port < 1 || port > 65_535)
    throw new ToolkitError(`--port ${options.port} is no port`, { hint: 'write a number, such as 8808' })
  return { bind, port }
}

const FIRST_PORT = 8808

/** The first from 8808 on that nobody has now. */
async function freePort(bind: string): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + 100; port += 1) {
    const isFree = await new Promise<boolean>((done) => {
      const server = createServer().once('error', () => done(false))
      server.listen({ host: bind, port, exclusive: true }, () => server.close(() => done(true)))
    })
    if (isFree) return port
  }
  return FIRST_PORT
}

/** As it stands in the folder already: its volumes are called after it. Else of the folder's name and place. */
function projectOf(folder: string): string {
  const whole = resolve(folder)
  const bare = basename(whole)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '')
    .replace(/^[^a-z0-9]+/, '')
  const path = join(whole, 'compose.yaml')
  if (existsSync(path)) {
    const [, name] = /^name: "?([a-z0-9][a-z0-9_-]*)"?$/m.exec(readFileSync(path, 'utf8')) ?? []
    // One of an earlier version is called as Compose calls the folder.
    return name ?? bare
  }
  const place = createHash('sha256').update(whole).digest('hex').slice(0, 6)
  return `mcp-${bare.replace(/^mcp-/, '').slice(0, 30) || 'stack'}-${place}`
}

function reasons({ leftOut }: Imported): string[] {
  return leftOut.map(({ name, reason }) => `${name}: ${reason}`)
}
