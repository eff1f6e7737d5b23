import { expect, test } from 'vitest'
import { completed, dotenvText, listeningIn, unanswered, withVariable } from './dotenv.ts'

const question = (name: string, fallback?: string) => ({
  name,
  description: `What ${name} is`,
  fallback,
  isSecret: false,
})
const where = { bind: '127.0.0.1', port: 8808 }

test('what the file says a variable is stands there already; only the rest is to be filled in', () => {
  const questions = [
    question('A'),
    question('B', 'eu'),
    question('C', 'a $b'),
    question('D', `it's "$x"`),
    question('E', 'a\nb'),
  ]
  const text = dotenvText(where, questions)
  expect(text.match(/^\w+=.*$/gm)).toEqual([
    ...['MCP_BIND=127.0.0.1', 'MCP_PORT=8808', 'A=', 'B=eu', "C='a $b'", `D="it's \\"\\$x\\""`, 'E='],
  ])
  expect(unanswered(questions).map(({ name }) => name)).toEqual(['A', 'E'])
  expect(listeningIn(text)).toEqual(where)
})

test('what was filled in stays, what is new comes behind it, and what is still empty gets its value', () => {
  const before = dotenvText(where, [question('A'), question('B')]).replace('A=', 'A=mine')
  const after = completed(before, dotenvText(where, [question('A'), question('B', 'eu'), question('C')]))
  expect(after).toMatch(/^A=mine\n# What B is\nB=eu\n# What C is\nC=\n$/m)
  expect(withVariable(after, 'MCP_PORT', '$&1')).toContain('\nMCP_PORT=$&1\n')
})
