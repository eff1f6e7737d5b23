import { expect, test } from 'vitest'
import { auditPlaceOf } from './audit.ts'

test.each([
  ['-', { kind: 'stdout' }],
  ['audit.jsonl', { kind: 'file', path: 'audit.jsonl' }],
  ['/var/log/mcp:audit.jsonl', { kind: 'file', path: '/var/log/mcp:audit.jsonl' }],
  ['a:b', { kind: 'file', path: 'a:b' }],
  ['syslog+udp://log.example:514', { kind: 'udp', host: 'log.example', port: 514 }],
  ['syslog+tcp://[2001:db8::1]:601', { kind: 'tcp', host: '2001:db8::1', port: 601 }],
  ['SYSLOG+TCP://10.0.0.1:601/', { kind: 'tcp', host: '10.0.0.1', port: 601 }],
  ['syslog+unix:///run/log.sock', { kind: 'unix', path: '/run/log.sock' }],
  ['syslog+unix:/run/log.sock', { kind: 'unix', path: '/run/log.sock' }],
])('%s is a place', (text, place) => {
  expect(auditPlaceOf(text)).toEqual(place)
})

test.each([
  'syslog://log.example:514',
  'syslog:/dev/log',
  'syslog+udp://log.example',
  'syslog+udp://log.example:0',
  'syslog+udp://log.example:70000',
  'syslog+tcp://user@log.example:601',
  'syslog+tcp://[log]:601',
  'syslog+tls://log.example:6514',
  'syslog+unix:run/log.sock',
  'https://log.example/audit',
])('%s is none, and the refusal says what to write', (text) => {
  expect(() => auditPlaceOf(text)).toThrow('syslog+udp://HOST:PORT')
})
