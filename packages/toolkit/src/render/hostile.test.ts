// Whatever stands in a recipe: it is refused, or it stays where it belongs. No shell, no new line of a Dockerfile.
import fc from 'fast-check'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { checkRecipe } from '../recipe/read.ts'
import { SAMPLE, sampleRecipe } from '../recipe/sample.test-data.ts'
import type { Recipe } from '../recipe/schema.ts'
import { renderBake } from './bake.ts'
import { composeFile, renderCompose } from './compose.ts'
import { renderDockerfile } from './dockerfile.ts'
import { renderLiteLlm } from './litellm.ts'
import { containerUnit } from './podman/quadlet.ts'

const NASTY = [
  ...[
    '\n',
    '\r',
    '\r\n',
    '\u2028',
    '\u0085',
    '\0',
    '\t',
    ' ',
    '\\',
    '\\\n',
    '"',
    "'",
    '`',
    '$',
    '${HOME}',
    '$(id)',
  ],
  ...[
    '`id`',
    ';',
    '&&',
    '|',
    '#',
    '>',
    '<<EOF',
    '--',
    '-',
    '..',
    '/',
    '@',
    ':',
    '%',
    '%{',
    '[',
    ']',
    '{',
    '}',
    ',',
  ],
  ...['RUN id', 'FROM x', 'USER 0', 'a', 'b', '1', '1.2.3', 'é', '\u202e', '\ud800', '=', '!', '*', '~'],
]
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...NASTY), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
)

/** Every field whose text ends up in a rendered file, and how a hostile one gets there. */
const FIELDS: Record<string, (text: string) => Record<string, unknown>> = {
  name: (text) => ({ name: text }),
  title: (text) => ({ title: text }),
  description: (text) => ({ description: text }),
  source: (text) => ({ source: text }),
  license: (text) => ({ license: text }),
  serverName: (text) => ({ serverName: text }),
  package: (text) => ({ package: text }),
  version: (text) => ({ version: text }),
  'version behind': (text) => ({ version: `1.2.3${text}` }),
  entry: (text) => ({ entry: text }),
  'entry behind': (text) => ({ entry: `dist/${text}` }),
  argument: (text) => ({ args: ['--flag', text] }),
  variable: (text) => ({ environment: [{ name: text, description: 'x', default: 'eu' }] }),
  'description of a variable': (text) => ({
    environment: [{ name: 'A', description: text, required: true }],
  }),
  'value of a variable': (text) => ({ environment: [{ name: 'A', description: 'x', default: text }] }),
  secret: (text) => ({ secrets: [{ name: text, description: 'x' }] }),
  volume: (text) => ({ volumes: [{ path: text, description: 'x' }] }),
  'volume below': (text) => ({ volumes: [{ path: `/data/${text}`, description: 'x' }] }),
  memory: (text) => ({ resources: { memory: text, cpus: 1, pids: 64 } }),
  'system package': (text) => ({ systemPackages: [text] }),
  'argument of the login': (text) => ({ login: { args: [text], port: 8765 } }),
  'package of Python': (text) => ({ ...PYTHON, package: text }),
  'version of Python': (text) => ({ ...PYTHON, version: `1.0${text}` }),
  'command of Python': (text) => ({ ...PYTHON, entry: text }),
  requirement: (text) => ({ ...PYTHON, with: [text] }),
  module: (text) => ({ ...GO, package: text, entry: text }),
  'module below': (text) => ({ ...GO, entry: `${GO.package}/${text}` }),
  image: (text) => ({ ...IMAGE, package: text }),
  'image behind': (text) => ({ ...IMAGE, package: `tool:${text}` }),
  'program of an image': (text) => ({ ...IMAGE, entry: text }),
  binary: (text) => ({ ...BINARY, entry: text }),
}
const PYTHON = { runtime: 'python', package: 'tool', version: '1.0', entry: 'tool' }
const GO = { runtime: 'go', package: 'example.com/tool', version: 'v1.0.0', entry: 'example.com/tool' }
const IMAGE = { runtime: 'image', package: 'tool:1.0', version: '1.0', entry: '/tool' }
const BINARY = { runtime: 'binary', version: '1.0', entry: 'tool' }

test.for(Object.entries(FIELDS))('hostile: %s', ([, changed]) => {
  const usual = usualOf(changed('1')['runtime'])
  fc.assert(
    fc.property(hostile, (text) => {
      const recipe = recipeOf(changed(text))
      if (recipe === undefined) return
      const dockerfile = renderDockerfile(recipe, '0.1.0')
      const lines = dockerfile.trimEnd().split(/[\n\r\u2028\u2029\u0085]/)
      for (const line of lines) expect(line).toMatch(KNOWN_LINE)
      const entrypoint = lines.filter((line) => line.startsWith('ENTRYPOINT '))
      expect(entrypoint).toHaveLength(1)
      const argv = JSON.parse(entrypoint[0]?.slice('ENTRYPOINT '.length) ?? '') as string[]
      expect(argv.slice(argv.length - recipe.args.length)).toEqual(recipe.args)
      expect(shellOf(recipe)).toEqual(shellOf(usual))
      const compose = parse(renderCompose(composeFile(recipe, { tag: 't:1' }), '')) as object
      expect(Object.keys(compose)).toEqual(expect.arrayContaining(['services', 'networks', 'secrets']))
      expect(Object.keys(compose).length).toBeLessThanOrEqual(4)
      expect(renderBake(recipe, 't:1', '0.1.0').match(/^target /gm)).toHaveLength(1)
      for (const line of containerUnit(recipe, 't:1').split(/[\n\r\u2028\u2029\u0085]/))
        expect(line).toMatch(UNIT_LINE)
      const litellm = parse(renderLiteLlm([recipe])) as {
        mcp_servers: Record<string, { description: string }>
      }
      expect(Object.values(litellm.mcp_servers).map((each) => each.description)).toEqual([recipe.description])
    }),
    { numRuns: 300 },
  )
})

test('arguments are kept to the letter, in the image and in Compose', () => {
  const printable = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .filter((text) => /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text))
  fc.assert(
    fc.property(fc.array(printable, { maxLength: 10 }), (args) => {
      const recipe = sampleRecipe({ args, login: { args, port: 8765 } })
      const line = /^ENTRYPOINT (.*)$/m.exec(renderDockerfile(recipe, '0.1.0'))?.[1] ?? ''
      const argv = JSON.parse(line) as string[]
      expect(argv.slice(argv.length - args.length)).toEqual(args)
      const text = renderCompose(composeFile(recipe, { tag: 't:1' }), '')
      const { services } = parse(text) as { services: Record<string, { entrypoint?: string[] }> }
      const entrypoint = services['mcp-sample-login']?.entrypoint ?? []
      const read = entrypoint.map((each) => each.replaceAll('$$', '$'))
      expect(read.slice(read.length - args.length)).toEqual(args)
    }),
  )
})

/** Each line of a Dockerfile begins with one of these, or goes on with what the one above began. */
const KNOWN_LINE = new RegExp(
  [
    ...['^$', '^# [a-z0-9-]+ \\S+\\. Made by mcp-bridge', '^# (Debian keeps|hadolint ignore=DL3008$)'],
    ...[
      '^(ARG|FROM|WORKDIR|COPY|RUN|LABEL|ENV|EXPOSE|STOPSIGNAL|HEALTHCHECK|USER|ENTRYPOINT) \\S',
      '^ {4,6}\\S',
    ],
  ].join('|'),
)

/** systemd goes on in the next line behind a backslash. */
const UNIT_LINE = /^$|^\[[A-Z][a-z]+\]$|^[A-Z][A-Za-z]+=[^\\]+$/

function recipeOf(changes: Record<string, unknown>): Recipe | undefined {
  try {
    return changes['runtime'] === undefined
      ? sampleRecipe(changes)
      : checkRecipe({ ...without(SAMPLE), ...changes })
  } catch (error) {
    if (error instanceof ToolkitError) return undefined
    throw error
  }
}

/** What all runtimes have. */
function without({ runtime: _runtime, package: _package, ...rest }: typeof SAMPLE): object {
  return rest
}

function usualOf(runtime: unknown): Recipe {
  const others = [PYTHON, GO, IMAGE, BINARY].find((each) => each.runtime === runtime)
  const recipe = recipeOf(others ?? {})
  if (recipe === undefined) throw new Error(`no usual recipe of ${String(runtime)}`)
  return recipe
}

/** What a shell reads, with the names that a tight pattern has let through left out: only where they belong. */
function shellOf(recipe: Recipe): string[] {
  const packages = recipe.systemPackages.toSorted()
  const paths = recipe.volumes.map(({ path }) => path)
  for (const name of [...packages, ...paths]) expect(name).toMatch(/^[\w.@~/+-]+$/)
  return [...renderDockerfile(recipe, '0.1.0').matchAll(/^RUN (?:.*\\\n)*.*$/gm)].map(([run]) =>
    run
      .replace(`--no-install-recommends ${packages.join(' ')} \\`, '--no-install-recommends \\')
      .replace(`-m 2775 ${paths.join(' ')}`, '-m 2775'),
  )
}
