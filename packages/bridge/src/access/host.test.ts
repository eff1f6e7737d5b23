import { describe, expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import { hostGate, hostName, type HostPolicy } from './host.ts'

const LOCAL: HostPolicy = { host: '127.0.0.1', allowHost: [], insecure: false, hasTokens: false }

/** `passes`, or what it is refused with. */
function knock(policy: Partial<HostPolicy>, host: string | undefined): string {
  return knockAt(hostGate({ ...LOCAL, ...policy }), host)
}

function knockAt(gate: ReturnType<typeof hostGate>, host: string | undefined): string {
  try {
    gate?.({ headers: { host } } as never)
    return 'passes'
  } catch (error) {
    return (error as BridgeError).code
  }
}

test.each([
  ['LocalHost:8000', 'localhost'],
  ['localhost.', 'localhost'],
  ['localhost:', 'localhost'],
  ['127.0.0.1:1', '127.0.0.1'],
  ['[::1]', '::1'],
  ['[::1]:8000', '::1'],
  ['::1', '::1'],
  [' a.example ', 'a.example'],
  ['', ''],
  // What only looks like it.
  ['[::1].evil.example', '[::1].evil.example'],
  ['[::1]evil', '[::1]evil'],
  ['[localhost]', '[localhost]'],
  ['localhost:evil.example', 'localhost:evil.example'],
  ['localhost:80@evil.example', 'localhost:80@evil.example'],
  ['localhost:80:80', 'localhost:80:80'],
])('the name in %j', (text, name) => {
  expect(hostName(text)).toBe(name)
})

const OURS = ['localhost', '127.0.0.1:8000', '127.9.9.9', '[::1]:1', 'LOCALHOST.']
const EVIL = [
  'evil.example',
  '',
  undefined,
  '[::1].evil.example',
  'localhost.evil.example',
  '10.0.0.1',
  '0.0.0.0',
  '127.0.0.1.evil.example',
]

describe('on loopback, and without tokens', () => {
  test.each([
    LOCAL,
    { ...LOCAL, hasTokens: true },
    { ...LOCAL, host: '192.0.2.1' },
    { ...LOCAL, host: '192.0.2.1', insecure: true, hasTokens: true },
  ])('what names this machine passes, and nothing else: %o', (policy) => {
    for (const host of OURS) expect([host, knock(policy, host)]).toEqual([host, 'passes'])
    for (const host of EVIL) expect([host, knock(policy, host)]).toEqual([host, 'host_forbidden'])
  })

  test('the address listened on, and what is allowed', () => {
    expect(knock({ host: '192.0.2.1' }, '192.0.2.1:8000')).toBe('passes')
    const allowHost = ['Tools.example', '[2001:db8::1]:80']
    for (const host of ['tools.example', 'TOOLS.example.:9', '[2001:db8::1]'])
      expect(knock({ allowHost }, host)).toBe('passes')
    for (const host of ['x.tools.example', 'tools.example.evil', '2001:db8::2'])
      expect(knock({ allowHost }, host)).toBe('host_forbidden')
    expect(knock({ allowHost: ['*'] }, 'evil.example')).toBe('passes')
  })

  test('one that was admitted admits no other', () => {
    const gate = hostGate(LOCAL)
    expect(
      ['localhost:1', 'localhost:1', 'evil.example', 'localhost:2', 'localhost:1'].map((host) =>
        knockAt(gate, host),
      ),
    ).toEqual(['passes', 'passes', 'host_forbidden', 'passes', 'passes'])
  })
})

describe('beyond loopback, with tokens', () => {
  const policy = { host: '0.0.0.0', hasTokens: true }
  test('any Host, unless some are named', () => {
    expect(hostGate({ ...LOCAL, ...policy })).toBeUndefined()
    const allowHost = ['tools.example']
    expect(knock({ ...policy, allowHost }, 'tools.example')).toBe('passes')
    for (const host of ['localhost', '127.0.0.1', 'evil.example', '0.0.0.0'])
      expect(knock({ ...policy, allowHost }, host)).toBe('host_forbidden')
  })
})

describe('on all addresses', () => {
  test.each(['0.0.0.0', '::'])('%s: an address of this machine, whatever its interfaces are now', (host) => {
    let addresses = ['192.0.2.7', '2001:db8::7']
    let asked = 0
    const gate = hostGate({
      ...LOCAL,
      host,
      insecure: true,
      addresses: () => {
        asked++
        return addresses
      },
    })
    for (const name of ['192.0.2.7:8000', '[2001:db8::7]:8000', 'localhost'])
      expect(knockAt(gate, name)).toBe('passes')
    for (const name of ['192.0.2.8', 'evil.example', '192.0.2.7.evil.example', '[2001:db8::8]'])
      expect(knockAt(gate, name)).toBe('host_forbidden')
    // The system is not asked for each who is refused.
    expect(asked).toBe(1)
    addresses = ['192.0.2.9']
    expect(knockAt(gate, '192.0.2.9')).toBe('host_forbidden')
  })

  test('one that joins later is known after a while', () => {
    let addresses: string[] = []
    let now = 0
    const gate = hostGate({
      ...LOCAL,
      host: '0.0.0.0',
      insecure: true,
      addresses: () => addresses,
      now: () => now,
    })
    expect(knockAt(gate, '192.0.2.9')).toBe('host_forbidden')
    addresses = ['192.0.2.9']
    now += 5000
    expect(knockAt(gate, '192.0.2.9')).toBe('passes')
  })

  test('not where one address is listened on', () => {
    for (const host of ['127.0.0.1', '192.0.2.1']) {
      const policy = { host, insecure: true, addresses: () => ['192.0.2.7'] }
      expect(knock(policy, '192.0.2.7')).toBe('host_forbidden')
    }
  })
})

function hintOf(host: string): string | undefined {
  try {
    hostGate(LOCAL)?.({ headers: { host } } as never)
    return undefined
  } catch (error) {
    return (error as BridgeError).hint
  }
}

test('the remedy can be typed as it stands, and holds nothing that a client made up', () => {
  expect(hintOf('a.example:80')).toBe('admit it with --allow-host a.example')
  expect(hintOf('[2001:db8::1]:80')).toBe('admit it with --allow-host 2001:db8::1')
  for (const host of ['', 'x;reboot', '$(reboot)', 'a\u009bb'])
    expect(hintOf(host)).toBe('admit it with --allow-host NAME')
})
