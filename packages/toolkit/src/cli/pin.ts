// cli/pin: `mcp-bridge image pin`: asks the registries which digest each base image's tag stands for today, and keeps it.
import { existsSync } from 'node:fs'
import { ToolkitError } from '../errors.ts'
import { exec, trusted } from '../exec.ts'
import { readText, writeFile } from '../files.ts'
import {
  newBasesFile,
  parseBases,
  referencesOf,
  withDigests,
  withImages,
  type BaseImage,
  type Bases,
} from '../render/bases.ts'
import type { Common, Io } from './image.ts'
import { json, table } from './text.ts'

/** In the current folder: who builds there builds on these. */
export const BASES_FILE = 'base-images.yaml'

export interface PinOptions extends Pick<Common, 'format'> {
  /** Changes nothing; a digest that is not today's is a failure. */
  check: boolean
}

export function basesHere(): Bases {
  return existsSync(BASES_FILE)
    ? referencesOf(parseBases(readText(BASES_FILE), BASES_FILE))
    : new Map<string, string>()
}

/**
 * @param tags only these, which are added if they are not in the file; all in it if there are none
 * @throws ToolkitError if one cannot be asked for: then the file stays as it is
 */
export async function pin(tags: readonly string[], { check, format }: PinOptions, io: Io): Promise<void> {
  const before = existsSync(BASES_FILE) ? readText(BASES_FILE) : newBasesFile()
  const text = withImages(before, BASES_FILE, tags)
  const images = parseBases(text, BASES_FILE).filter(({ tag }) => tags.length === 0 || tags.includes(tag))
  const found = await ask(images)
  const isStale = found.some(({ digest, now }) => digest !== now)
  if (!check)
    writeFile(BASES_FILE, withDigests(text, BASES_FILE, new Map(found.map(({ name, now }) => [name, now]))))
  io.out(format === 'json' ? json(found) : told(found))
  if (check && isStale)
    throw new ToolkitError('not all base images are today’s', { hint: 'mcp-bridge image pin renews them' })
  if (!check && isStale && format === 'table')
    io.out(`${BASES_FILE} is written; what is built in this folder from now on stands on these\n`)
}

interface Found extends BaseImage {
  now: string
}

/** All, or none. */
async function ask(images: readonly BaseImage[]): Promise<Found[]> {
  const asked = await Promise.all(
    images.map(async (image) => {
      try {
        return { ...image, now: await digestOf(image.tag) }
      } catch (error) {
        if (!(error instanceof ToolkitError)) throw error
        return { ...image, error }
      }
    }),
  )
  const failed = asked.flatMap((each) => ('error' in each ? [each] : []))
  const [first] = failed
  if (first !== undefined)
    throw new ToolkitError(
      [
        'not every registry gives a digest, and nothing was changed:',
        ...failed.map(
          ({ tag, error }) =>
            `  ${tag}: ${error.message
              .split('\n')
              .at(-1)
              ?.replace(/^ *\| /, '')}`,
        ),
      ].join('\n'),
      {
        hint:
          first.error.hint ??
          `see that this machine reaches it (docker login for a private one), or write another image into ${BASES_FILE}`,
      },
    )
  return asked.flatMap((each) => ('now' in each ? [each] : []))
}

/** Of the index, if it has one: the same for all architectures. Docker's client asks, with the logins that it has. */
async function digestOf(tag: string): Promise<string> {
  const ca = trusted()
  const text = await exec(
    ['docker', 'buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', tag],
    {
      missing: 'install Docker with buildx: it asks the registries',
      ...(ca === undefined ? {} : { env: { SSL_CERT_FILE: ca } }),
    },
  )
  return (JSON.parse(text) as { digest: string }).digest
}

function told(found: readonly Found[]): string {
  return table(
    found.map(({ tag, digest, now }) => [
      tag,
      digest === undefined ? 'new' : digest === now ? 'unchanged' : `${digest} →`,
      now,
    ]),
  )
}
