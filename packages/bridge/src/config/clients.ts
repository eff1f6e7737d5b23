// config/clients: the clients that have a name: each a token, an environment and the tools it may use.
import * as z from 'zod'
import { isReserved } from './principals.ts'
import { boolean, files, globs, pairs, text } from './fields.ts'

/** Names go into logs and into the token file. */
const NAME = /^[A-Za-z0-9._@-]+$/

const given = {
  env: pairs().default({}),
  envFile: files().default([]),
  toolsAllow: globs().default([]),
  toolsDeny: globs().default([]),
  readOnly: boolean().default(false),
}

const atServer = z.preprocess(withCamelKeys, z.strictObject(given))

const client = z.strictObject({
  /** May stand in the token file instead, under the same name. */
  token: text().regex(/^\S*$/, 'holds white space').optional(),
  ...given,
  /** Names alone, or each with what is narrowed there. */
  servers: z
    .preprocess(
      (raw) => (Array.isArray(raw) ? Object.fromEntries(raw.map((name) => [String(name), {}])) : raw),
      z.record(
        z.string(),
        z.preprocess((each) => each ?? {}, atServer),
        'write a list of names of servers, or a map from them to { env, env-file, tools-allow, tools-deny, read-only }',
      ),
    )
    .optional(),
})

/** A map from names to clients; their keys as in the file (`env-file`, `env_file`) or in camelCase. */
export function clients() {
  return z
    .record(
      z.string(),
      z.preprocess(withCamelKeys, client),
      'write a map from names to { token, env, env-file, tools-allow, tools-deny, read-only, servers }',
    )
    .superRefine((all, ctx) => {
      const seen = new Map<string, string>()
      for (const [name, { token }] of Object.entries(all)) {
        if (!NAME.test(name)) {
          ctx.addIssue({
            code: 'custom',
            message: `${JSON.stringify(name)}: a name has letters, digits and . _ @ - only`,
          })
        }
        if (isReserved(name)) ctx.addIssue({ code: 'custom', message: `the name ${name} is taken` })
        const other = token === undefined ? undefined : seen.get(token)
        if (other !== undefined)
          ctx.addIssue({ code: 'custom', message: `${name} and ${other} have the same token` })
        if (token !== undefined) seen.set(token, name)
      }
    })
}

function withCamelKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key.replaceAll(/[-_](.)/g, (_, letter: string) => letter.toUpperCase()),
      each,
    ]),
  )
}
