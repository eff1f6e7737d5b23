import { expect, test } from 'vitest'
import { sampleRecipe } from '../../recipe/sample.test-data.ts'
import { containerUnit, networkUnit } from './quadlet.ts'

const lines = (changes: Record<string, unknown> = {}): string[] =>
  containerUnit(sampleRecipe(changes), 'mcp-sample:1.2.3').split('\n')

test('a unit has no right that its recipe does not name', () => {
  expect(lines()).toEqual(
    expect.arrayContaining([
      ...['ReadOnly=true', 'ReadOnlyTmpfs=false', 'DropCapability=all', 'NoNewPrivileges=true', 'User=10001'],
      ...['PidsLimit=256', 'PodmanArgs=--memory=1g --cpus=1 --stop-timeout=15', 'Network=mcp-sample.network'],
    ]),
  )
  expect(
    lines().filter((line) => /^(AddCapability|PublishPort|AddDevice|SecurityLabelDisable)/.test(line)),
  ).toEqual([])
  expect(networkUnit(sampleRecipe())).not.toContain('Internal')
  expect(networkUnit(sampleRecipe({ network: 'none' }))).toContain('NetworkName=mcp-sample\nInternal=true\n')
})

test('secrets are named, and settings are a file beside the unit', () => {
  const secrets = [
    { name: 'API_TOKEN', description: 'The token' },
    { name: 'CERTIFICATE', description: 'A file', file: true },
  ]
  expect(lines({ secrets }).filter((line) => /^(Secret|Environment)/.test(line))).toEqual([
    ...[
      ['tokens', 'MCP_BRIDGE_TOKEN_FILE'],
      ['env', 'MCP_BRIDGE_ENV_FILE'],
      ['certificate', 'CERTIFICATE'],
    ].flatMap(([name, variable]) => [
      `Secret=mcp-sample-${name},type=mount,target=/etc/mcp-bridge/mcp-sample-${name},uid=10001,mode=0400`,
      `Environment=${variable}=/etc/mcp-bridge/mcp-sample-${name}`,
    ]),
    'Environment=MCP_BRIDGE_COMPAT=litellm',
    'EnvironmentFile=mcp-sample.settings.env',
  ])
})

test('what systemd would read as a specifier stays as it is', () => {
  expect(lines({ title: '100 %i' })).toContain('Description=100 %%i, a tool of MCP')
})
