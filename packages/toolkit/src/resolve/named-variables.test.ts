import { expect, test } from 'vitest'
import { namedArguments } from './named-arguments.ts'
import { namedVariables } from './named-variables.ts'

const README = `# Some MCP server

## Usage

\`\`\`json
{ "mcpServers": { "some": { "command": "npx", "args": ["-y", "some-mcp@latest", "--stdio"],
  "env": { "SOME_API_KEY": "\${input:key}", "SOME_URL": "https://x", "NODE_ENV": "production" } } } }
\`\`\`

\`\`\`toml
[mcp_servers.some.env]
SOME_REGION = "eu"
\`\`\`

Or: \`export SOME_MODE=fast\`, which is prose; this is not:

\`\`\`sh
export SOME_LEVEL=debug
SOME_FAST=1 npx some-mcp
docker run -i --rm -e SOME_CACHE -e "SOME_QUOTED=x" some-image
\`\`\`

\`\`\`
# a file
SOME_FILE=/x
SOME_OTHER=
\`\`\`

\`\`\`json
{ "args": ["run", "-e", "SOME_IN_ARGS", "some-image"] }
\`\`\`

### Environment variables

| Variable | Description | Default |
| --- | --- | --- |
| \`SOME_TABLE\` | How many **rows** it gives | 10 |

- \`SOME_LIST\`: in which order

## Tools

- \`NOT_A_SETTING\` is a constant, and FOO_BAR=1 is prose.

## Development

\`\`\`sh
export TEST_DATABASE_URL=x
\`\`\`
`

test('what stands where settings stand is named, and nothing else', () => {
  const found = namedVariables({ readme: README, server: undefined }, 'some-mcp')
  expect(found.map(({ name }) => name).toSorted()).toEqual(
    [
      ...['SOME_API_KEY', 'SOME_URL', 'SOME_REGION', 'SOME_LEVEL', 'SOME_FAST', 'SOME_CACHE', 'SOME_QUOTED'],
      ...['SOME_FILE', 'SOME_OTHER', 'SOME_IN_ARGS', 'SOME_TABLE', 'SOME_LIST'],
    ].toSorted(),
  )
  const of = (wanted: string) => found.find(({ name }) => name === wanted)
  expect(of('SOME_API_KEY')).toMatchObject({ isSecret: true, isRequired: false })
  expect(of('SOME_TABLE')).toMatchObject({ isSecret: false, description: 'How many rows it gives' })
  expect(of('SOME_LIST')).toMatchObject({ description: 'in which order' })
})

test('server.json says what is required and what is secret', () => {
  const environmentVariables = [
    { name: 'GRAFANA_URL', description: 'Where', isRequired: true },
    { name: 'GRAFANA_PIN', isSecret: true },
    { name: 'bad name' },
    'nonsense',
  ]
  const server = JSON.stringify({
    packages: [
      { identifier: 'other', environmentVariables: [{ name: 'OTHER' }] },
      { identifier: 'some-mcp', environmentVariables },
    ],
  })
  expect(namedVariables({ readme: '', server }, 'some-mcp')).toEqual([
    { name: 'GRAFANA_URL', description: 'Where', isRequired: true, isSecret: false },
    { name: 'GRAFANA_PIN', description: undefined, isRequired: false, isSecret: true },
  ])
})

test.each(['', 'null', '[]', '{"packages":{}}', '{"packages":[null,1]}', 'no json'])(
  'a server.json that says nothing: %s',
  (server) => expect(namedVariables({ readme: '', server }, 'x')).toEqual([]),
)

test('documents of any length and shape are read in no time', () => {
  const from = performance.now()
  for (const piece of [
    '"env": {',
    '```\n',
    'A=1 ',
    '"args": ["',
    '| `AAA_B`',
    '[mcp_servers.',
    'env:\n',
    '{{',
  ])
    namedVariables({ readme: piece.repeat(400_000 / piece.length), server: undefined }, 'x')
  expect(performance.now() - from).toBeLessThan(10_000)
})

test('the arguments of the example are what stands behind the package', () => {
  const documents = { readme: README, server: undefined }
  expect(namedArguments(documents, 'some-mcp')).toEqual(['--stdio'])
  expect(namedArguments(documents, 'other')).toEqual([])
})
