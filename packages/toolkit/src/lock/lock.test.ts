import { expect, test } from 'vitest'
import { checkRecipe } from '../recipe/read.ts'
import { sampleTool } from '../recipe/sample.test-data.ts'
import { checkLock, type Lock } from './lock.ts'

const HASH = `    --hash=sha256:${'0'.repeat(64)}`
const common = { name: 'tool', title: 'Tool', description: 'A tool', network: 'none', children: 'pool' }
const python = checkRecipe({
  ...common,
  runtime: 'python',
  package: 'My.Tool',
  version: '1.0',
  entry: 'tool',
})
const go = checkRecipe({
  ...common,
  runtime: 'go',
  package: 'example.com/tool',
  version: 'v1.0.0',
  entry: 'example.com/tool/cmd/tool',
})

const lockOf = (files: Record<string, string>): Lock =>
  new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))
const requirements = (...lines: string[]): Lock => lockOf({ 'requirements.txt': `${lines.join('\n')}\n` })
const goMod = (...lines: string[]): Lock => lockOf({ 'go.mod': lines.join('\n'), 'go.sum': '' })

test('npm: a lock of the recipe passes; one with an address, without a hash or of another version does not', () => {
  const { recipe, lock } = sampleTool()
  expect(() => checkLock(recipe, lock)).not.toThrow()
  const changed = (change: (packages: Record<string, Record<string, unknown>>) => void): Lock => {
    const content = JSON.parse(lock.get('package-lock.json')?.toString() ?? '') as {
      packages: Record<string, Record<string, unknown>>
    }
    change(content.packages)
    return new Map([...lock, ['package-lock.json', Buffer.from(JSON.stringify(content))]])
  }
  const own = 'node_modules/@scope/mcp-sample'
  const refusals: [Parameters<typeof changed>[0], string][] = [
    [(packages) => (packages[own] = { version: '1.2.4', integrity: 'x' }), 'has no @scope/mcp-sample 1.2.3'],
    [(packages) => (packages['node_modules/x'] = { resolved: 'https://x', integrity: 'x' }), 'an address'],
    [(packages) => (packages['node_modules/x'] = { version: '1.0.0' }), 'no hash'],
  ]
  for (const [change, reason] of refusals) expect(() => checkLock(recipe, changed(change))).toThrow(reason)
  expect(() => checkLock(recipe, new Map())).toThrow('package-lock.json is missing')
})

test('Python: names are compared as the index does; options and bare lines are refused', () => {
  const own = ['my-tool==1.0 \\', HASH]
  expect(() => checkLock(python, requirements(...own))).not.toThrow()
  const marked = ["other==2.0 ; sys_platform == 'win32' \\", `${HASH} \\`, HASH]
  expect(() => checkLock(python, requirements(...own, ...marked))).not.toThrow()
  for (const line of ['--index-url https://x', '-r other.txt', 'other==2.0', 'other @ https://x \\', '-e .'])
    expect(() => checkLock(python, requirements(...own, line))).toThrow('is no package and no hash')
  expect(() => checkLock(python, requirements('my-tool==1.1 \\', HASH))).toThrow('has no My.Tool 1.0')
})

test('Go: the module, its version and the program are those of the recipe, and nothing is replaced', () => {
  const right = ['module tool', '', 'go 1.26', '', `tool ${go.runtime === 'go' ? go.entry : ''}`]
  const required = ['require example.com/tool v1.0.0 // indirect']
  expect(() => checkLock(go, goMod(...right, ...required))).not.toThrow()
  expect(() => checkLock(go, goMod(...right))).toThrow('has no example.com/tool v1.0.0')
  expect(() => checkLock(go, goMod(...right, ...required, 'replace a => b'))).toThrow('replaces')
  expect(() => checkLock(go, goMod('tool example.com/other', ...required))).toThrow('does not name the tool')
})
