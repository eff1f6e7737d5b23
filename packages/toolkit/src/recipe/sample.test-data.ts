// recipe/sample: recipes for unit tests.
import { checkRecipe, type Tool } from './read.ts'

export const SAMPLE = {
  name: 'sample',
  title: 'Sample',
  description: 'A sample',
  source: 'https://example.com/sample',
  license: 'MIT',
  serverName: 'com.example/sample',
  runtime: 'node',
  package: '@scope/mcp-sample',
  version: '1.2.3',
  entry: 'dist/index.js',
  args: ['--flag', 'value'],
  environment: [{ name: 'REGION', description: 'Where', default: 'eu', example: 'us' }],
  secrets: [{ name: 'API_TOKEN', description: 'The token' }],
  volumes: [{ path: '/data', description: 'What lasts' }],
  network: 'open',
  children: 'pool',
  systemPackages: ['git'],
  tools: ['echo'],
  call: { tool: 'echo', arguments: {}, expect: 'echo' },
} as const

/** With another value of any fields. */
export function sampleRecipe(changes: Record<string, unknown> = {}): Tool['recipe'] {
  return checkRecipe({ ...SAMPLE, ...changes })
}

export function sampleTool(changes: Record<string, unknown> = {}): Tool {
  const recipe = sampleRecipe(changes)
  const name = recipe.runtime === 'node' ? recipe.package : ''
  const packages = { [`node_modules/${name}`]: { version: recipe.version, integrity: 'sha512-AAAA' } }
  return {
    recipe,
    text: '',
    lock: new Map([
      ['package.json', Buffer.from(JSON.stringify({ dependencies: { [name]: recipe.version } }))],
      ['package-lock.json', Buffer.from(JSON.stringify({ packages }))],
    ]),
  }
}
