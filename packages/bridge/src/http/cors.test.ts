import { expect, test } from 'vitest'
import { corsHeaders, preflightHeaders } from './cors.ts'

test('CORS: the one origin that asked, never all, and no credentials', () => {
  for (const headers of [
    corsHeaders('https://a.example'),
    preflightHeaders('https://a.example', ['x-key']),
  ]) {
    expect(headers).toMatchObject({ 'access-control-allow-origin': 'https://a.example', vary: 'Origin' })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  }
  expect(preflightHeaders('https://a.example', ['x-key'])['access-control-allow-headers']).toMatch(/, x-key$/)
})
