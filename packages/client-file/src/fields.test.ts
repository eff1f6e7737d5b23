import { expect, test } from 'vitest'
import { CLIENTS, type ClientName } from './clients.ts'
import { FIELDS } from './fields.ts'
import { readClientFile } from './read.ts'

const SAMPLE: Record<string, unknown> = {
  disabled: true,
  enabled: false,
  headers: { A: 'b' },
  http_headers: { A: 'b' },
  options: { toolFilter: { list: ['x'] } },
}

test('a field stands once in the table, and says what becomes of it', () => {
  const names = FIELDS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { fate, means, what } of FIELDS) {
    expect(fate === 'dropped').toBe(means === undefined)
    expect(what).not.toBe('')
  }
})

test('every client has a way to say program or address, and each field of the table belongs to one', () => {
  for (const client of Object.keys(CLIENTS) as ClientName[]) {
    const meanings = FIELDS.filter(({ clients }) => clients.includes(client)).map(({ means }) => means)
    expect(meanings.some((means) => means === 'command' || means === 'url')).toBe(true)
  }
})

test.for(FIELDS.map((field) => [field.name, field.fate, field] as const))(
  '%s is %s',
  ([name, fate, field]) => {
    const isRemote = /url|header|bearer/i.test(field.means ?? '')
    const base = isRemote ? { url: 'https://mcp.example' } : { command: 'npx' }
    const text = JSON.stringify({ mcpServers: { x: { ...base, [name]: SAMPLE[name] ?? 'npx' } } })
    const [entry] = readClientFile(text, 'mcp.json').entries
    expect(entry?.dropped.includes(name)).toBe(fate === 'dropped')
  },
)

test('a field that nobody knows is named; a comment is not', () => {
  const text = '{"mcpServers": {"x": {"command": "npx", "speed": 1, "//": "why", "_note": "x"}}}'
  expect(readClientFile(text, 'mcp.json').entries[0]?.dropped).toEqual(['speed'])
})
