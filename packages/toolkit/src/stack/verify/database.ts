// verify/database: the role of the SQL tool can neither write nor open LiteLLM's database, whatever the tool itself refuses.
import { messageOf } from '../../errors.ts'
import { bad, ok, type Finding } from '../finding.ts'
import { shortened, type Gateway } from '../gateway.ts'
import { ROLES_AGAIN } from './logins.ts'

const CHECK = 'database'

/** @param said what psql said to the tool's role, by what was tried: `write`, `enter` */
export function checkRole(said: { write: string; enter: string }): Finding[] {
  return [
    refused('write by the role', said.write, /permission denied for schema/i),
    refused("entering LiteLLM's database", said.enter, /permission denied for database/i),
  ]
}

function refused(subject: string, said: string, refusal: RegExp): Finding {
  const text = shortened(said)
  if (refusal.test(said))
    return ok(CHECK, subject, `refused: ${/permission denied.*/i.exec(text)?.[0] ?? text}`)
  if (/^(CREATE|INSERT|DROP|\s*\?column|1)/m.test(said))
    return bad(CHECK, subject, `is allowed: ${text}`, `the role was changed, then: ${ROLES_AGAIN}`)
  return bad(
    CHECK,
    subject,
    `could not be tried: ${text || 'no answer'}`,
    'docker compose up -d --wait postgres',
  )
}

/** The same through LiteLLM and the tool, which refuses before the database is asked. */
export async function checkWrite(gateway: Gateway, alias: string): Promise<Finding> {
  const name = `${alias}-execute_sql`
  const subject = `write by ${name}`
  try {
    const text = await gateway.restCall(name, { sql: 'create table mcp_verify (id int)' })
    return /error/i.test(text)
      ? ok(CHECK, subject, `refused: ${shortened(text, 60)}`)
      : bad(
          CHECK,
          subject,
          `is allowed: ${shortened(text)}`,
          'the tool needs --access-mode=restricted and the read-only role',
        )
  } catch (error) {
    return bad(CHECK, subject, messageOf(error), 'docker compose logs --tail 50 postgres')
  }
}
