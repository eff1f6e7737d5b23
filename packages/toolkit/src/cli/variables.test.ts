import { expect, test } from 'vitest'
import { sampleRecipe } from '../recipe/sample.test-data.ts'
import { runLines } from './variables.ts'

const variable = (name: string, more: object = {}) => ({ name, description: 'x', ...more })

test('what to type next has what is required, then secrets, and names the rest', () => {
  const recipe = sampleRecipe({
    environment: [
      variable('FIXED', { default: 'x' }),
      ...['A', 'B', 'C', 'D', 'E'].map((name) => variable(name)),
      variable('NEEDED', { required: true }),
    ],
    secrets: [variable('KEY', { required: false }), variable('FILE', { file: true })],
  })
  expect(runLines('mcp-x:1', recipe)).toBe(
    'it reads also E\n' +
      'next: docker run --rm -p 127.0.0.1:8000:8000 -e MCP_BRIDGE_TOKEN=secret ' +
      '-e NEEDED=… -e KEY=… -e A=… -e B=… -e C=… -e D=… mcp-x:1\n',
  )
})
