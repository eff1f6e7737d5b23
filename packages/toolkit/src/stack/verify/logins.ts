// verify/logins: PostgreSQL takes the passwords of `.env`; it keeps those that it was set up with.
import { bad, ok, placed, type Finding, type Placed } from '../finding.ts'
import { shortened } from '../gateway.ts'

const CHECK = 'database'
/** Gives the roles their passwords and their rights again. */
export const ROLES_AGAIN =
  'docker compose up -d --wait postgres && docker compose exec -T postgres sh /docker-entrypoint-initdb.d/10-roles.sh'
const SECTION = 'login-'

/** @param facts what psql said to each role, as `login-ROLE` */
export function checkLogins(facts: ReadonlyMap<string, string>): Placed[] {
  return [...facts].flatMap(([name, said]) => {
    if (!name.startsWith(SECTION)) return []
    const role = name.slice(SECTION.length)
    return placed([login(role, said)], { provides: `login ${role}`, needs: ['postgres'] })
  })
}

function login(role: string, said: string): Finding {
  const subject = `login of ${role}`
  if (/^\(1 row\)$/m.test(said)) return ok(CHECK, subject, 'PostgreSQL takes the password of .env')
  if (/authentication failed/.test(said))
    return bad(
      CHECK,
      subject,
      'PostgreSQL refuses the password of .env: it was set up with another',
      `put the former password into .env, or give the database this one, then: ${ROLES_AGAIN} && docker compose restart && docker compose up -d --wait`,
    )
  return bad(
    CHECK,
    subject,
    `could not be tried: ${shortened(said) || 'no answer'}`,
    'docker compose up -d --wait postgres',
  )
}
