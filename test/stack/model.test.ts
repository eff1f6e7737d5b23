// The real model: each kind of server that .env can name, and a round of model, tool and answer with one of them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change, compose, gateway, sh } from './stack.ts'

const HOST = 'models.test'

/** A model server in three dialects. In OpenAI's it asks for the first tool that is called like this, then tells what that said. */
const SERVER = `
const { createServer } = require('node:http')
const WANTED = /list_schemas$/
const openai = ({ model, messages, tools = [] }) => {
  const last = messages.at(-1)
  const tool = tools.find((each) => WANTED.test(each.function.name))
  const message = last.role === 'tool' || tool === undefined
    ? { role: 'assistant', content: 'openai says: ' + JSON.stringify(last.content) }
    : { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: tool.function.name, arguments: '{}' } }] }
  return { id: 'x', object: 'chat.completion', created: 0, model, usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    choices: [{ index: 0, message, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' }] }
}
const ollama = ({ model }) => ({ model, created_at: '2026-01-01T00:00:00Z', done: true, done_reason: 'stop',
  message: { role: 'assistant', content: 'ollama says hello' }, prompt_eval_count: 1, eval_count: 1 })
const anthropic = ({ model }) => ({ id: 'm', type: 'message', role: 'assistant', model, stop_reason: 'end_turn', stop_sequence: null,
  content: [{ type: 'text', text: 'anthropic says hello' }], usage: { input_tokens: 1, output_tokens: 1 } })
createServer((request, answer) => {
  let body = ''
  request.on('data', (part) => (body += part)).on('end', () => {
    const speak = request.url.endsWith('/chat/completions') ? openai : request.url.endsWith('/api/chat') ? ollama : request.url.endsWith('/messages') ? anthropic : () => ({})
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(speak(JSON.parse(body || '{}'))))
  })
}).listen(9090)
`

let server: string

beforeAll(async () => {
  const project = (await compose('config')).match(/^name: (.+)$/m)?.[1] ?? ''
  server = `${project}-models`
  const image =
    (await compose('config', '--images', 'egress')).split('\n').find((each) => /-base:/.test(each)) ?? ''
  await sh([
    ...['docker', 'run', '--detach', '--rm', '--name', server, '--network', `${project}_edge`],
    ...['--network-alias', HOST, '--entrypoint', 'node', image, '--eval', SERVER],
  ])
})

afterAll(async () => {
  await sh(['docker', 'rm', '--force', server])
  await compose('up', '-d', '--wait')
})

test.each([
  ['openai', `MODEL=hosted_vllm/any\nMODEL_API_BASE=http://${HOST}:9090/v1`],
  ['ollama', `MODEL=ollama_chat/any\nMODEL_API_BASE=http://${HOST}:9090`],
  ['anthropic', `MODEL=anthropic/any\nMODEL_API_BASE=http://${HOST}:9090\nMODEL_API_KEY=sk-ant-any`],
])('%s', async (dialect, settings) => {
  const back = change('.env', 'STACK_UID=', `${settings}\nSTACK_UID=`)
  try {
    await compose('up', '-d', '--wait')
    const messages = [{ role: 'user', content: 'hello' }]
    const { text } = await gateway().ask('POST', '/v1/chat/completions', { model: 'default', messages })
    expect(text).toContain(`${dialect} says`)
    if (dialect !== 'openai') return
    const tools = [
      { type: 'mcp', server_label: 'litellm', server_url: 'litellm_proxy', require_approval: 'never' },
    ]
    const round = await gateway().ask('POST', '/v1/responses', { model: 'default', input: 'hello', tools })
    expect(round.text).toContain('openai says')
    expect(round.text).toContain('schema_name')
  } finally {
    back()
  }
})
