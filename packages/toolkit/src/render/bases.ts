// render/bases: which image each base is: its tag, or what base-images.yaml says, where `mcp-bridge image pin` keeps digests.
import { parseDocument, stringify, type Document } from 'yaml'
import { ToolkitError } from '../errors.ts'
import { imageName } from '../recipe/fields.ts'
import { BASES } from './layout.ts'

/** By name (`node`), as a Dockerfile refers to it: `node:24-trixie-slim`, with `@sha256:…` behind it once it is pinned. */
export type Bases = ReadonlyMap<string, string>

export function baseOf(name: keyof typeof BASES, bases: Bases = new Map()): string {
  return bases.get(name) ?? BASES[name]
}

/** An image that a recipe names, with its digest if that is known. */
export function exactly(image: string, bases: Bases = new Map()): string {
  return [...bases.values()].find((each) => each.startsWith(`${image}@`)) ?? image
}

export interface BaseImage {
  name: string
  /** `node:24-trixie-slim` */
  tag: string
  /** `sha256:…` */
  digest?: string
}

/** A new file: a Compose file, so that Compose can extend its services. */
export function newBasesFile(): string {
  const services = Object.fromEntries(Object.entries(BASES).map(([name, image]) => [name, { image }]))
  return `# Written by mcp-bridge image pin, which also renews it.\n${stringify({ services })}`
}

/** @throws ToolkitError unless each service has an image with a tag */
export function parseBases(text: string, path: string): BaseImage[] {
  return [...imagesIn(documentOf(text, path), path)].map(([name, written]) => read(name, written, path).image)
}

export function referencesOf(images: readonly BaseImage[]): Bases {
  return new Map(
    images.map(({ name, tag, digest }) => [name, digest === undefined ? tag : `${tag}@${digest}`]),
  )
}

/** The same file with these digests by name; comments stay. */
export function withDigests(text: string, path: string, digests: ReadonlyMap<string, string>): string {
  const document = documentOf(text, path)
  for (const [name, written] of imagesIn(document, path)) {
    const { before, after } = read(name, written, path)
    const digest = digests.get(name)
    if (digest !== undefined) document.setIn(['services', name, 'image'], `${before}@${digest}${after}`)
  }
  return document.toString({ lineWidth: 0 })
}

/** Adds what it does not have, under a name made of the image's. */
export function withImages(text: string, path: string, tags: readonly string[]): string {
  const document = documentOf(text, path)
  const known = new Set(parseBases(text, path).map(({ tag }) => tag))
  for (const tag of tags) {
    const { error } = imageName().safeParse(tag)
    if (error !== undefined || tag.includes('@'))
      throw new ToolkitError(`"${tag}" is no image with a tag`, { hint: 'write it like node:24-trixie-slim' })
    if (!known.has(tag)) document.setIn(['services', tag.replaceAll(/[^a-z0-9_-]/g, '-'), 'image'], tag)
  }
  return document.toString({ lineWidth: 0 })
}

function documentOf(text: string, path: string): Document {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) throw wrong(path, error.message)
  return document
}

function* imagesIn(document: Document, path: string): Generator<[name: string, image: unknown]> {
  const { services } = (document.toJS() ?? {}) as { services?: Record<string, { image?: unknown } | null> }
  if (typeof services !== 'object' || services === null) throw wrong(path, 'it names no services')
  for (const [name, service] of Object.entries(services)) yield [name, service?.image]
}

/** Compose may hold another tag for it: `litellm:${LITELLM_TAG:-v1.77.3-stable@sha256:…}`. */
const WRITTEN = /^(?<before>[^@]+?)(@(?<digest>sha256:[0-9a-f]{64}))?(?<after>\}?)$/

function read(
  name: string,
  written: unknown,
  path: string,
): { image: BaseImage; before: string; after: string } {
  const { before = '', digest, after = '' } = WRITTEN.exec(String(written))?.groups ?? {}
  const tag = after === '' ? before : before.replace(/\$\{\w+:-/, '')
  if (!imageName().safeParse(tag).success)
    throw wrong(path, `"${String(written)}" of ${name} is no image with a tag`)
  return { image: { name, tag, ...(digest === undefined ? {} : { digest }) }, before, after }
}

function wrong(path: string, what: string): ToolkitError {
  return new ToolkitError(`${path}: ${what}`, {
    hint: 'write services: { node: { image: "node:24-trixie-slim" } }; removed, image pin makes it anew',
  })
}
