import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { parseCommand } from './command.ts'
import type { Place } from './place.ts'
import { envLine, valuesOf } from './values.ts'

test('what a command means', () => {
  const node = { runtime: 'node', package: '@s/p' }
  const rest = { env: {}, envFiles: [], dropped: [] }
  expect(parseCommand(['npx', '-y', '@s/p@latest', '/data', '-v'])).toEqual({
    ...{ source: { ...node, version: undefined }, args: ['/data', '-v'], ...rest },
  })
  expect(parseCommand(['npx', '-p', '@s/p@1.0.0', 'other', 'x'])).toMatchObject({
    entry: 'other',
    args: ['x'],
  })
  expect(parseCommand(['/usr/bin/uvx', '--from', 'pkg==1.0', '--with', 'mcp<2', 'cmd', 'a'])).toEqual({
    source: { runtime: 'python', package: 'pkg', version: '1.0' },
    ...{ entry: 'cmd', with: ['mcp<2'], args: ['a'], ...rest },
  })
  expect(parseCommand(['go', 'run', 'example.com/x@v1.0.0'])).toMatchObject({ source: { runtime: 'go' } })
  expect(parseCommand(['/opt/tool', 'x'])).toEqual({
    ...{ source: { runtime: 'binary', file: '/opt/tool' }, args: ['x'], ...rest },
  })
})

/** Ways to start the package `@s/p` in version 1.0.0 with the argument `a`. */
test.for([
  ['npx', '--yes', '@s/p@1.0.0', 'a'],
  ['npx', '--package=@s/p@1.0.0', '--', 'p', 'a'],
  ['npx', '--registry', 'https://r.example', '@s/p@1.0.0', 'a'],
  ['cmd', '/c', 'npx', '-y', '@s/p@1.0.0', 'a'],
  ['cmd.exe', '/d', '/s', '/c', 'npx -y @s/p@1.0.0 a'],
  ['C:\\Program Files\\nodejs\\npx.cmd', '-y', '@s/p@1.0.0', 'a'],
  ['/opt/homebrew/bin/npx', '@s/p@1.0.0', 'a'],
  ['pnpm', 'dlx', '@s/p@1.0.0', 'a'],
  ['pnpm', '--silent', 'dlx', '--package=@s/p@1.0.0', 'p', 'a'],
  ['pnpx', '@s/p@1.0.0', 'a'],
  ['bunx', '--bun', '@s/p@1.0.0', 'a'],
  ['bun', 'x', '@s/p@1.0.0', 'a'],
  ['bun', '--bun', 'x', '@s/p@1.0.0', 'a'],
  ['npm', 'exec', '-y', '@s/p@1.0.0', '--', 'a'],
  ['npm', 'exec', '--package=@s/p@1.0.0', '--', 'p', 'a'],
  ['npm', 'x', '--', '@s/p@1.0.0', 'a'],
  ['yarn', 'dlx', '-q', '@s/p@1.0.0', 'a'],
  ['deno', 'run', '-A', 'npm:@s/p@1.0.0', 'a'],
  ['NAME=value', 'npx', '@s/p@1.0.0', 'a'],
  ['env', '-u', 'X', 'NAME=value', 'npx', '@s/p@1.0.0', 'a'],
  ['/usr/bin/env', '-S', 'NAME=value npx @s/p@1.0.0', 'a'],
  ['bash', '-lc', 'NAME=value npx -y @s/p@1.0.0 "a"'],
  ['wsl.exe', '-d', 'Debian', '-e', 'npx', '@s/p@1.0.0', 'a'],
])('%s is npx', (command) => {
  const parsed = parseCommand(command)
  expect(parsed).toMatchObject({
    source: { runtime: 'node', package: '@s/p', version: '1.0.0' },
    args: ['a'],
  })
  expect(parsed.env).toEqual(command.join(' ').includes('NAME=') ? { NAME: 'value' } : {})
})

test.for([
  ['uvx', 'pkg==1.0', 'a'],
  ['uvx', '--python', '3.12', '--from', 'pkg@1.0', 'pkg', 'a'],
  ['uv', 'tool', 'run', 'pkg@1.0', 'a'],
  ['uv', 'run', '--with', 'pkg==1.0', 'pkg', 'a'],
  ['uv', 'run', '--no-project', '--with', 'mcp,pkg==1.0', 'pkg', 'a'],
  ['pipx', 'run', '--spec', 'pkg==1.0', 'pkg', 'a'],
  ['C:\\Users\\me\\.local\\bin\\uvx.exe', 'pkg@1.0', 'a'],
])('%s is uvx', (command) => {
  expect(parseCommand(command)).toMatchObject({
    ...{ source: { runtime: 'python', package: 'pkg', version: '1.0' }, args: ['a'] },
  })
})

test('an extra of a Python package is a requirement of its own', () => {
  expect(parseCommand(['uvx', 'pkg[cli]@1.0'])).toMatchObject({
    ...{ source: { package: 'pkg', version: '1.0' }, with: ['pkg[cli]>=0'] },
  })
})

test.for([
  ['node', 'server.js'],
  ['python', '-m', 'x'],
  ['/usr/bin/node', 'x.js'],
  ['npx', '-c', 'id'],
  ['uv', 'run', 'server.py'],
  ['uv', '--directory', '/srv/x', 'run', '--with', 'mcp', 'x'],
  ['pnpm', 'start'],
  ['npm', 'run', 'exec'],
  ['docker', 'compose', 'run', 'x'],
  ['docker', 'mcp', 'gateway', 'run'],
  ['bash', '-c', 'cd x && npx y'],
  ['npx'],
  [''],
])('no image can be made of %s', (command) => {
  expect(() => parseCommand(command)).toThrow(
    /a program of this machine|hands a text to a shell|names no package|script for a shell/,
  )
})

const own = (name: string): string => `MCP_X_${name}`

test('secrets are known by their name, by what they hold, or because the file says so', () => {
  const env = {
    API_KEY: 'k',
    REGION: 'eu',
    DATABASE_URL: 'postgres://u:p@h/d',
    GRAFANA_URL: 'http://h:3000',
    FROM_INPUT: '${input:x}',
    FROM_ENV: '${env:HOME_REGION}',
    WITH_DEFAULT: '${OTHER:-eu}',
    WITH_SECRET_DEFAULT: '${OTHER:-sk-12345678}',
    FROM_SECRET_ENV: '${env:GITHUB_TOKEN}',
  }
  const place: Place = { home: '/home/me', workspace: '/w', folder: '/w', uid: 1000, look: () => undefined }
  const input = { id: 'x', description: 'Ask me', isSecret: true, fallback: undefined }
  const { values } = valuesOf(env, { inputs: [input], place, isBare: false, secretNames: [], own })
  expect(Object.fromEntries(values.map(({ name, isSecret, value }) => [name, [isSecret, value]]))).toEqual({
    API_KEY: [true, 'k'],
    REGION: [false, 'eu'],
    DATABASE_URL: [true, 'postgres://u:p@h/d'],
    GRAFANA_URL: [false, 'http://h:3000'],
    FROM_INPUT: [true, undefined],
    FROM_ENV: [false, undefined],
    WITH_DEFAULT: [false, 'eu'],
    WITH_SECRET_DEFAULT: [true, 'sk-12345678'],
    FROM_SECRET_ENV: [true, undefined],
  })
})

test('a secret is read back as it was', () => {
  const value = fc
    .string({ maxLength: 40 })
    .filter((text) => !/[\n\r\0]/.test(text) && !(/'/.test(text) && /`/.test(text)))
  fc.assert(
    fc.property(value, (text) => {
      expect(parseEnv(envLine('A', text))).toEqual({ A: text })
    }),
  )
  // Whatever it is: refused, or one variable with this value.
  const nasty = fc.array(fc.constantFrom("'", '"', '`', '\n', '\r', '\\', '#', '=', ' ', 'B=c', '$', '\\n'))
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('')
      let line: string
      try {
        line = envLine('A', text)
      } catch (error) {
        expect(error).toBeInstanceOf(ToolkitError)
        return
      }
      expect(parseEnv(line)).toEqual({ A: text })
    }),
  )
})
