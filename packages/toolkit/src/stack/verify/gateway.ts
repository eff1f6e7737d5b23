// verify/gateway: LiteLLM answers, has its database and a working MCP endpoint, and lets nobody in without a key.
import { bad, ok, type Finding } from '../finding.ts'
import { parse, shortened, type Answer, type Gateway } from '../gateway.ts'

const DATABASE = 'docker compose up -d --wait postgres && docker compose restart litellm'
const RESTART = 'docker compose restart litellm; what it said before: docker compose logs --tail 50 litellm'

/**
 * If one of these fails, no other check makes sense.
 *
 * @param published where the LAN reaches the stack, if this is not asked from inside
 */
export async function checkGateway(gateway: Gateway, published: string | undefined): Promise<Finding[]> {
  // Through the proxy only liveliness can be asked.
  if (published !== undefined) {
    const { status, text } = await gateway.ask('GET', '/health/liveliness')
    if (status === 200) return [ok('litellm', gateway.url, 'answers')]
    return [unreachable(gateway.url, reason({ status, text }), published)]
  }
  const health = await gateway.ask('GET', '/health/readiness')
  if (health.status === 503) return [bad('litellm', 'database', `is not there: ${reason(health)}`, DATABASE)]
  if (health.status !== 200)
    return [bad('litellm', gateway.url, silence(health), 'docker compose up -d --wait litellm')]
  const { db, litellm_version: version } = parse<{ db?: string; litellm_version?: string }>(health)
  return [
    ok('litellm', gateway.url, version === undefined ? 'answers' : `LiteLLM ${version}`),
    db === 'connected'
      ? ok('litellm', 'database', 'connected')
      : bad('litellm', 'database', `LiteLLM says it is "${db}": keys cannot be checked`, DATABASE),
  ]
}

/** Docker knows a name only while its container runs. */
function silence(answer: Answer): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(answer.text)) return 'LiteLLM does not run: no container has its name'
  if (answer.text.includes('ECONNREFUSED')) return 'LiteLLM does not listen: it is starting, or has failed to'
  return `does not answer: ${reason(answer)}`
}

/** The stack may be well: the way to it is not. */
function unreachable(url: string, why: string, published: string): Finding {
  const { hostname } = new URL(url)
  const [address = ''] = published.split(':')
  const detail = `cannot be reached: ${why}`
  if (/ENOTFOUND|EAI_AGAIN/.test(why))
    return bad(
      'litellm',
      url,
      detail,
      `give the name ${hostname} the address ${address} in the DNS of the LAN; to ask without: VERIFY_DOCKER_OPTIONS='--add-host ${hostname}:${address}'`,
    )
  return bad(
    'litellm',
    url,
    detail,
    `the stack listens on ${published} (LAN_BIND and LAN_PORT in .env): ask for that port, and let ${hostname} be ${address}; if it is so, ./verify says whether LiteLLM runs, and a firewall may be in between`,
  )
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
