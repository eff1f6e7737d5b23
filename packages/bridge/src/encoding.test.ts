import { expect, test } from 'vitest'
import { fileText, headerText } from './encoding.ts'

/** As Node gives a header: each byte a character. */
const received = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding).toString('latin1')

test.each(['plain', 'größe', '日本', '', '\u007f'])(
  'a header %j that came as UTF-8 is read as that',
  (text) => {
    expect(headerText(received(text, 'utf8'))).toBe(text)
  },
)

test('one that is no UTF-8 is read as latin1', () => {
  expect(headerText(received('größe', 'latin1'))).toBe('größe')
})

test('a file has no byte order mark, and keeps what looks like one further on', () => {
  expect(fileText(Buffer.from('\ufeffa: \ufeffb'))).toBe('a: \ufeffb')
  expect(fileText(Buffer.from('größe'))).toBe('größe')
})
