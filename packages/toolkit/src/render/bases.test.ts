import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sampleTool } from '../recipe/sample.test-data.ts'
import { baseOf, exactly, newBasesFile, parseBases, referencesOf, withDigests, withImages } from './bases.ts'
import { renderDockerfile } from './dockerfile.ts'
import { BASES } from './layout.ts'
import { render } from './render.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8')
const DIGEST = `sha256:${'a1'.repeat(32)}`
const OTHER = `sha256:${'b2'.repeat(32)}`
const tagsOf = (text: string) => parseBases(text, 'f').map(({ tag }) => tag)

test('the file of the stack has every image that the Dockerfiles and the stacks name, under the same tags', () => {
  const stack = referencesOf(parseBases(read('compose/base-images.yaml'), 'f'))
  expect(Object.fromEntries(stack)).toMatchObject(BASES)
  for (const file of ['compose/toolbox/Dockerfile', 'packages/toolkit/base/Dockerfile'])
    for (const [, name = '', image] of read(file).matchAll(/^ARG (\w+)_IMAGE=(.*)$/gm))
      expect({ file, name, image }).toEqual({ file, name, image: stack.get(name.toLowerCase()) })
  // Nothing else is pulled: what is made here has the name of the project, or of a stage.
  for (const file of ['compose/docker-compose.yml', 'compose/proxy/compose.yaml'])
    expect(read(file)).not.toMatch(/^\s+image:/m)
})

test('a digest takes its place behind the tag, again and again; comments and variables stay', () => {
  const text = `# why\n${newBasesFile()}  litellm:\n    image: ghcr.io/a/litellm:\${LITELLM_TAG:-v1.2.3-stable}\n`
  const once = withDigests(
    text,
    'f',
    new Map([
      ['node', DIGEST],
      ['litellm', DIGEST],
    ]),
  )
  expect(once).toContain(`image: node:24-trixie-slim@${DIGEST}\n`)
  expect(once).toContain(`image: ghcr.io/a/litellm:\${LITELLM_TAG:-v1.2.3-stable@${DIGEST}}\n`)
  expect(once.startsWith('# why\n')).toBe(true)
  const twice = withDigests(once, 'f', new Map([['node', OTHER]]))
  expect(twice).toBe(once.replace(`slim@${DIGEST}`, `slim@${OTHER}`))
  expect(tagsOf(twice)).toEqual([...Object.values(BASES), 'ghcr.io/a/litellm:v1.2.3-stable'])
})

test('what an image is built on stands in its Dockerfile, and so in its tag', () => {
  const bases = new Map([
    ['node', `mirror.lan:5000/node:24@${DIGEST}`],
    ['x', `their/tool:1.0@${OTHER}`],
  ])
  const tool = sampleTool()
  const options = { bridgeVersion: '0.1.0' }
  expect(renderDockerfile(tool.recipe, '0.1.0', { bases })).toContain(
    `ARG NODE_IMAGE=mirror.lan:5000/node:24@${DIGEST}\n`,
  )
  expect(render(tool, { ...options, bases }).tag).not.toBe(render(tool, options).tag)
  expect(render(tool, { ...options, bases: new Map() })).toEqual(render(tool, options))
  expect([baseOf('go', bases), exactly('their/tool:1.0', bases), exactly('their/tool:1', bases)]).toEqual([
    BASES.go,
    `their/tool:1.0@${OTHER}`,
    'their/tool:1',
  ])
})

test('what is added is an image with a tag, once', () => {
  const more = withImages(newBasesFile(), 'f', ['127.0.0.1:5000/their/tool:1.0', 'node:24-trixie-slim'])
  expect(tagsOf(more)).toEqual([...Object.values(BASES), '127.0.0.1:5000/their/tool:1.0'])
  for (const tag of ['node', 'node:latest', `node:24@${DIGEST}`, 'node:24\nRUN id', 'a b:1', '$(id):1'])
    expect(() => withImages(newBasesFile(), 'f', [tag])).toThrow(/is no image with a tag/)
})

test.each([
  ['', /names no services/],
  ['services: 3', /names no services/],
  ['services: { node: { image: node } }', /"node" of node is no image with a tag/],
  ['services: { node: }', /"undefined" of node is no image/],
  ['services: { node: { image: "node:24 AS x" } }', /is no image with a tag/],
  [`services: { node: { image: "node:24@sha256:12" } }`, /is no image with a tag/],
  ['services: [', /f: .*line 1/],
])('a file that is none says so: %s', (text, message) => {
  expect(() => parseBases(text, 'f')).toThrow(message)
})
