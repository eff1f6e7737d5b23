// resolve/source: `npx:@scope/pkg@1.2.3` and its like → runtime, package and version, each checked.
import type * as z from 'zod'
import { ToolkitError } from '../errors.ts'
import * as field from '../recipe/fields.ts'

/** Without a version the newest is looked up, and written into the recipe. */
export type Source =
  | { runtime: 'node' | 'python' | 'go'; package: string; version: string | undefined }
  | { runtime: 'binary'; file: string }
  | { runtime: 'image'; package: string }

/** How each kind of source is written. */
export const SOURCE_FORMS =
  'npx:package@1.2.3, uvx:package==1.2.3, go:module@v1.2.3, binary:./file, image:name:1.2.3'

/** Undefined for a text without a scheme: a path of a recipe, or a name of the catalogue. */
export function parseSource(text: string): Source | undefined {
  const [, scheme, rest = ''] = /^([a-z]+):(.*)$/s.exec(text) ?? []
  switch (scheme) {
    case undefined:
      return undefined
    case 'npx':
    case 'npm':
      return packaged('node', /^(@?[^@]+)(?:@(.*))?$/s, rest, field.npmName(), field.npmVersion())
    case 'uvx':
    case 'pypi':
      return packaged('python', /^([^@=]+)(?:(?:@|==)(.*))?$/s, rest, field.pypiName(), field.pypiVersion())
    case 'go':
      return packaged('go', /^([^@]+)(?:@(.*))?$/s, rest, field.goModule(), field.goVersion())
    case 'binary':
      if (rest === '') throw new ToolkitError('binary: names no file', { hint: 'write binary:./file' })
      return { runtime: 'binary', file: rest }
    case 'image':
      return { runtime: 'image', package: checked(field.imageName(), rest, 'image') }
    default:
      throw new ToolkitError(`"${scheme}:" is no kind of source`, { hint: `there are ${SOURCE_FORMS}` })
  }
}

function packaged(
  runtime: 'node' | 'python' | 'go',
  pattern: RegExp,
  text: string,
  name: z.ZodType<string>,
  version: z.ZodType<string>,
): Source {
  const [, pkg, given] = pattern.exec(text) ?? []
  if (pkg === undefined)
    throw new ToolkitError(`"${text}" names no package`, { hint: `there are ${SOURCE_FORMS}` })
  return {
    runtime,
    package: checked(name, pkg, 'package'),
    version: given === undefined ? undefined : checked(version, given, 'version'),
  }
}

function checked(schema: z.ZodType<string>, text: string, what: string): string {
  const { data, error } = schema.safeParse(text)
  if (data === undefined)
    throw new ToolkitError(`the ${what} ${JSON.stringify(text)}: ${error?.issues[0]?.message ?? 'is wrong'}`)
  return data
}
