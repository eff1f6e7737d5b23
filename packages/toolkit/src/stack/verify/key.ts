// verify/key: a key of this run only, which opens nothing any more afterwards.
import { bad, ok, type Finding } from '../finding.ts'
import { shortened, type Gateway } from '../gateway.ts'
import { SELFTEST } from './model.ts'

const CHECK = 'key'
const KEY_LIFE = '30m'

export async function makeKey(gateway: Gateway): Promise<{ key?: string; finding: Finding }> {
  const { status, text } = await gateway.ask('POST', '/key/generate', {
    models: [SELFTEST],
    duration: KEY_LIFE,
  })
  const { key } = status === 200 ? (JSON.parse(text) as { key?: string }) : {}
  if (key !== undefined) return { key, finding: ok(CHECK, 'made', 'for this run only') }
  const said = `HTTP ${status}: ${shortened(text)}`
  const isRefused = status >= 400 && status < 500
  return {
    finding: isRefused
      ? bad(
          CHECK,
          'made',
          `LiteLLM refuses the master key of .env: ${said}`,
          'LiteLLM was started with another LITELLM_MASTER_KEY, then: docker compose up -d --wait litellm',
        )
      : bad(
          CHECK,
          'made',
          `LiteLLM cannot make one: ${said}`,
          'if its log does not say why (docker compose logs --tail 50 litellm), its database does not answer: docker compose restart postgres litellm',
        ),
  }
}

/** Deletes the key, and checks that it opens nothing any more. */
export async function dropKey(gateway: Gateway, key: string): Promise<Finding> {
  const { status, text } = await gateway.deleteKeys({ keys: [key] })
  const fix = 'delete it by hand on the page "Virtual Keys" of /ui/'
  if (status !== 200) return bad(CHECK, 'deleted', `HTTP ${status}: ${text}`, fix)
  const after = await gateway.as(key).ask('GET', '/mcp-rest/tools/list')
  if (after.status >= 400) return ok(CHECK, 'deleted', 'opens nothing any more')
  return bad(CHECK, 'deleted', 'it is still let in', fix)
}
