// verify/gateway: LiteLLM answers, has its database and a working MCP endpoint, and lets nobody in without a key.
import { bad, ok, type Finding } from '../finding.ts'
import { parse, shortened, type Answer, type Gateway } from '../gateway.ts'

const DATABASE = 'docker compose up -d --wait postgres && docker compose restart litellm'
const RESTART = 'docker compose restart litellm; what it said before: docker compose logs --tail 50 litellm'

/** If one of these fails, no other check makes sense. */
export async function checkGateway(gateway: Gateway, isInside: boolean): Promise<Finding[]> {
  // Through the proxy only liveliness can be asked.
  const health = await gateway.ask('GET', isInside ? '/health/readiness' : '/health/liveliness')
  if (health.status === 503) return [bad('litellm', 'database', `is not there: ${reason(health)}`, DATABASE)]
  if (health.status !== 200)
    return [
      bad(
        'litellm',
        gateway.url,
        `does not answer: ${reason(health)}`,
        'docker compose up -d --wait litellm',
      ),
    ]
  if (!isInside) return [ok('litellm', gateway.url, 'answers'), await ping(gateway)]
  const { db, litellm_version: version } = parse<{ db?: string; litellm_version?: string }>(health)
  return [
    ok('litellm', gateway.url, `LiteLLM ${version ?? 'of an unknown version'}`),
    db === 'connected'
      ? ok('litellm', 'database', 'connected')
      : bad('litellm', 'database', `LiteLLM says it is "${db}": keys cannot be checked`, DATABASE),
    await ping(gateway),
  ]
}

/** `/health/liveliness` stays green while `/mcp/` hangs for everybody: a ping does not. */
export async function ping(gateway: Gateway, subject = '/mcp/ ping'): Promise<Finding> {
  const answer = await gateway.rpc('ping')
  const isAlive = answer.status === 200 && answer.text.includes('"result"')
  if (isAlive) return ok('litellm', subject, 'answers')
  return bad('litellm', subject, `does not answer: ${reason(answer)}`, RESTART)
}

type Asked = [subject: string, answer: Promise<Answer>]

/** Without a key only health is open. LiteLLM refuses `/mcp/` with 500 instead of 401. */
export async function checkClosed(gateway: Gateway, canAdminister: boolean): Promise<Finding[]> {
  const nobody = gateway.as(undefined)
  const wrong = gateway.as('sk-of-nobody')
  const asked: Asked[] = [
    ['/mcp/ without a key', nobody.rpc('tools/list')],
    ['/mcp/ with a wrong key', wrong.rpc('tools/list')],
    ['/mcp-rest/ without a key', nobody.ask('GET', '/mcp-rest/tools/list')],
    ['/v1/responses without a key', nobody.ask('POST', '/v1/responses', { model: 'x', input: 'x' })],
    ...(canAdminister
      ? [['/key/generate without a key', nobody.ask('POST', '/key/generate', {})] satisfies Asked]
      : []),
  ]
  return Promise.all(
    asked.map(async ([subject, asking]) => {
      const { status, text } = await asking
      if (status >= 400 && !text.includes('"result"')) return ok('closed', subject, `refused, HTTP ${status}`)
      return bad(
        'closed',
        subject,
        status === 0 ? `no answer: ${text}` : `is let in, HTTP ${status}: ${shortened(text, 80)}`,
        'set LITELLM_MASTER_KEY in .env (without it everything is open), then: docker compose up -d litellm',
      )
    }),
  )
}

function reason({ status, text }: Answer): string {
  return status === 0 ? text : `HTTP ${status}: ${shortened(text)}`
}
