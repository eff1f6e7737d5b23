// A client with a session in front of a tool that knows only 2026-07-28.
import { eventually, fixture, type RpcMessage } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { GROWTH_LIMIT_MIB, watchMemory } from '../bounds/measured.ts'
import { textOf, WIRES } from '../clients.ts'

nothingLeft()
const toldOf = (received: readonly RpcMessage[], method: string): any[] =>
  received.filter((message) => 'method' in message && message.method === method)
const bridge = useBridge(['--', ...fixture('speaks-modern', 'only')])

describe.each(WIRES)('%s', (_wire, open) => {
  test('it is initialised, and sees nothing that it would not know', async () => {
    const client = await open(bridge, { protocolVersion: '2025-06-18' })
    expect(client.protocolVersion).toBe('2025-06-18')
    const { result } = await client.request('tools/list', {})
    expect(Object.keys(result)).toEqual(['tools'])
    expect(textOf(await client.call('echo', { text: 'é😀' }))).toBe('é😀')
    expect((await client.request('ping', {})).result).toEqual({})
    client.close()
  })

  test('what the tool asks comes as a request, and its answer reaches the tool', async () => {
    const client = await open(bridge, { capabilities: { elicitation: {}, sampling: {} } })
    const asked: string[] = []
    client.onRequest = ({ method }) => {
      asked.push(method)
      return { action: 'accept', content: { name: 'Ada' } }
    }
    expect(textOf(await client.call('elicit'))).toBe('{"action":"accept","content":{"name":"Ada"}}')
    expect(textOf(await client.call('test_input_required_result_multi_round'))).toContain('state-ok')
    expect(asked).toEqual(['elicitation/create', 'elicitation/create', 'elicitation/create'])
    client.close()
  })

  test('what is no object is wrapped, and a resource that is not there has its old code', async () => {
    const client = await open(bridge)
    const { result } = await client.request('tools/list', {})
    const tool = result.tools.find(({ name }: { name: string }) => name === 'number')
    expect(tool.outputSchema).toEqual({
      type: 'object',
      properties: { result: { type: 'integer' } },
      required: ['result'],
    })
    expect((await client.call('number')).result.structuredContent).toEqual({ result: 7 })
    const { error } = await client.request('resources/read', { uri: 'test://nothing' })
    expect(error).toMatchObject({ code: -32002, data: { uri: 'test://nothing' } })
    client.close()
  })

  test.each([1024 * 1024, 20 * 1024 * 1024])('a result of %i bytes is translated too', async (bytes) => {
    const client = await open(bridge)
    await client.call('echo')
    const grownBy = watchMemory(bridge.running)
    const { result } = await client.call('big', { bytes })
    expect(Object.keys(result)).toEqual(['content', 'structuredContent'])
    expect(result.content[0].text.length).toBe(bytes)
    expect(result.structuredContent).toEqual({ result: [bytes] })
    expect(grownBy()).toBeLessThan(GROWTH_LIMIT_MIB)
    client.close()
  })

  test('it hears of the resources that it subscribes to, until it does not any more', async () => {
    const client = await open(bridge)
    if ('listen' in client) await client.listen()
    const uri = 'test://static-text'
    const heard = () => toldOf(client.received, 'notifications/resources/updated')
    expect((await client.request('resources/subscribe', { uri })).result).toEqual({})
    await client.call('resourceUpdated', { uri })
    await eventually(() => heard().length === 1, { what: 'the update' })
    expect(heard()[0]?.params).toEqual({ uri })
    expect((await client.request('resources/unsubscribe', { uri })).result).toEqual({})
    await client.call('resourceUpdated', { uri })
    await client.call('test_trigger_tool_change')
    await eventually(() => toldOf(client.received, 'notifications/tools/list_changed').length > 0, {
      what: 'the change of the list',
    })
    expect(heard()).toHaveLength(1)
    client.close()
  })
})
