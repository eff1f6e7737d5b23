// foreign: what is not seen is spelled out; everything else stays as it is.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { excerpt, hidesSomething, visible, visibleJson, visibleLine } from './visible.ts'

const UNSEEN = {
  'an escape sequence': '\u001b[2J',
  'C1: CSI in one character': '\u009b2J',
  'a line break': '\n',
  'a carriage return': '\r',
  'a bell': '\u0007',
  DEL: '\u007f',
  'a reversed direction': '\u202e',
  'an isolate': '\u2066',
  'a byte order mark': '\ufeff',
  'a line separator': '\u2028',
  'next line': '\u0085',
  'no width': '\u200b',
  'half a character': '\ud83d',
  'a hidden text': '\u{e0041}\u{e0042}',
}

test.each(Object.entries(UNSEEN))('%s is spelled out', (_what, text) => {
  expect(visible(`a${text}b`)).toMatch(/^a(\\u[0-9a-f]{4})+(\[?2J)?b$/)
  expect(visibleJson(JSON.stringify(text))).toMatch(/^[ -~]+$/)
  expect(JSON.parse(visibleJson(JSON.stringify(text)))).toBe(text)
})

test('what can be read stays', () => {
  const text = 'Jürgen “quotes” — 홍길동 👩‍👩‍👧 नमस्ते می‌خواهم'
  expect(visible(text)).toBe(text)
  expect(hidesSomething(text)).toBe(false)
})

test('JSON means the same, and holds nothing unseen', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = visibleJson(JSON.stringify({ [text]: [text] }))
      expect(JSON.parse(json)).toEqual({ [text]: [text] })
      expect(visible(json)).toBe(json)
      expect(visible(visible(text))).toBe(visible(text))
    }),
  )
})

test('layout hides nothing, anything else does', () => {
  expect(hidesSomething('two\r\n\tlines')).toBe(false)
  expect(hidesSomething('nice\u001b[2K')).toBe(true)
  // Asked twice: a pattern that remembers where it was would say no the second time.
  expect(hidesSomething('nice\u001b[2K')).toBe(true)
})

test('an excerpt is bounded, a line of stderr loses its colours', () => {
  expect(excerpt('x'.repeat(10_000))).toBe(`${'x'.repeat(199)}…`)
  expect(excerpt('👩👩👩', 4)).toBe('👩…')
  expect(excerpt('\u009b2J')).toBe('\\u009b2J')
  expect(visibleLine('\u001b[31mError\u001b[0m\tat\u001b[1A')).toBe('Error  at\\u001b[1A')
})
