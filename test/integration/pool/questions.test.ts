// questions: each client of a pool is asked what its own call asks, though processes may ask under the same id.
import { fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

test('pool.retracted: a process takes back its own question, not that of another with the same id', async () => {
  const bridge = await bridged([
    '--children',
    'pool',
    '--max-children',
    '2',
    '--warm',
    '0',
    '--',
    ...fixture('asks-client'),
  ])
  const client = await openSse(bridge, { capabilities: { roots: {}, sampling: {} } })
  const { promise: retracted, resolve: retract } = Promise.withResolvers<object>()
  client.onRequest = ({ method }) => (method === 'sampling/createMessage' ? retracted : undefined)
  const sampled = client.call('sample', { prompt: 'wait' })
  await client.until('sampling/createMessage')
  const id = textOf(await client.call('changeMind', { method: 'roots/list' }))
  const { params } = await client.until('notifications/cancelled')
  const asked = client.received.flatMap((each) => ('id' in each && 'method' in each ? [each] : []))
  expect(params?.requestId).toBe(asked.find(({ method }) => method === 'roots/list')?.id)
  // Both were the first question of their process.
  expect(id).toBe('1')
  retract({ answer: 'after all' })
  expect(JSON.parse(textOf(await sampled) ?? '')).toEqual({ answer: 'after all' })
  client.close()
})

test('pool.questions: under many calls at once each client is asked what its own call asks', async () => {
  const bridge = await bridged(['--children', 'pool', '--max-children', '4', '--', ...fixture('asks-client')])
  const clients = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      (i % 2 === 0 ? openStreamable : openSse)(bridge, { capabilities: { sampling: {} } }),
    ),
  )
  await Promise.all(
    clients.map(async (client, i) => {
      client.onRequest = ({ params }) => ({ who: i, prompt: params?.messages[0].content.text })
      const prompts = Array.from({ length: 8 }, (_, n) => `prompt ${i} ${n}`)
      const answers = await Promise.all(prompts.map((prompt) => client.call('sample', { prompt })))
      expect(answers.map((answer) => JSON.parse(textOf(answer) ?? ''))).toEqual(
        prompts.map((prompt) => ({ who: i, prompt })),
      )
    }),
  )
})
