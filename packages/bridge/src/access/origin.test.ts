import { describe, expect, test } from 'vitest'
import { isOrigin } from '../config/origins.ts'
import { BridgeError } from '../errors.ts'
import { originCheck, originGate, type OriginPolicy } from './origin.ts'

const LOCAL: OriginPolicy = { host: '127.0.0.1', allowOrigin: [], insecure: false }

function refusal(policy: Partial<OriginPolicy>, headers: Record<string, string>): BridgeError | undefined {
  try {
    originGate(originCheck({ ...LOCAL, ...policy }))({ headers } as never)
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'origin_forbidden' })
    return error as BridgeError
  }
}

const isAllowed = (policy: Partial<OriginPolicy>, origin: string) => refusal(policy, { origin }) === undefined

const PAGES_HERE = [
  'http://localhost:3000',
  'https://LOCALHOST',
  'http://127.0.0.1',
  'http://127.1.2.3:5',
  'http://[::1]:5173',
]
const PAGES_ELSEWHERE = [
  ...[
    'https://evil.example',
    'http://localhost.evil.example',
    'http://evil.example/localhost',
    'http://localhost@evil.example',
  ],
  ...[
    'http://[::1].evil.example',
    'http://[::1]evil',
    'http://localhost:1.evil.example',
    'http://127.0.0.1.evil.example',
  ],
  ...[
    'null',
    'file://',
    'ftp://localhost',
    'http://',
    '',
    'localhost',
    ' http://localhost',
    'http://10.0.0.1',
  ],
]

describe('pages of this machine', () => {
  test.each([LOCAL, { ...LOCAL, host: 'localhost' }, { ...LOCAL, host: '0.0.0.0', insecure: true }])(
    'may call on loopback, and an open bridge: %o',
    (policy) => {
      for (const origin of PAGES_HERE) expect([origin, isAllowed(policy, origin)]).toEqual([origin, true])
      for (const origin of PAGES_ELSEWHERE)
        expect([origin, isAllowed(policy, origin)]).toEqual([origin, false])
    },
  )

  test('may not call a bridge of the network', () => {
    for (const origin of [...PAGES_HERE, ...PAGES_ELSEWHERE])
      expect(isAllowed({ host: '0.0.0.0' }, origin)).toBe(false)
  })
})

test('what is allowed: that scheme, host and port', () => {
  const allowOrigin = ['https://App.example/', 'app://some-editor', 'null', 'file://']
  for (const origin of ['https://app.example', 'HTTPS://APP.example', 'app://some-editor', 'null', 'file://'])
    expect([origin, isAllowed({ allowOrigin }, origin)]).toEqual([origin, true])
  for (const origin of [
    'http://app.example',
    'https://app.example:8443',
    'https://x.app.example',
    'app://other',
    'file:///x',
  ])
    expect([origin, isAllowed({ allowOrigin }, origin)]).toEqual([origin, false])
  for (const origin of PAGES_ELSEWHERE) expect(isAllowed({ allowOrigin: ['*'] }, origin)).toBe(true)
})

test.each([
  'https://evil.example',
  'http://[::2]:80',
  'null',
  'file://',
  'chrome-extension://abcdefgh',
  'vscode-webview://0-a',
])('the remedy for %s is one that the configuration takes', (origin) => {
  const [, remedy] = /--allow-origin (\S+)/.exec(refusal({}, { origin })?.hint ?? '') ?? []
  expect(remedy).toBe(origin)
  expect(isOrigin(origin)).toBe(true)
  expect(isAllowed({ allowOrigin: [origin] }, origin)).toBe(true)
})

test.each(['https://a;reboot', 'https://a b', 'https://$(reboot)', 'x', '', 'https://a,b'])(
  'what no browser sends makes no remedy: %s',
  (origin) => {
    expect(refusal({}, { origin })?.hint).toBe('no browser sends such an origin')
  },
)

describe('without Origin', () => {
  test('who is no browser passes, and what the user typed or a page of the bridge itself asks', () => {
    for (const headers of [{}, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': 'same-origin' }])
      expect(refusal({}, headers as Record<string, string>)).toBeUndefined()
  })

  test.each(['cross-site', 'same-site'])(
    'what a page of another site makes the browser ask does not: %s',
    (site) => {
      for (const policy of [
        {},
        { host: '0.0.0.0', insecure: true },
        { allowOrigin: ['https://app.example'] },
      ])
        expect(refusal(policy, { 'sec-fetch-site': site })?.message).toContain('another site')
      // With Origin that alone decides.
      const origin = 'https://app.example'
      expect(refusal({ allowOrigin: [origin] }, { 'sec-fetch-site': site, origin })).toBeUndefined()
      expect(refusal({}, { 'sec-fetch-site': site, origin })).toBeDefined()
    },
  )
})
