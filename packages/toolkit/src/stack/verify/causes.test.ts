import { expect, test } from 'vitest'
import { bad, ok, placed, table } from '../finding.ts'
import { explained } from './causes.ts'

const NEEDS: Record<string, string[]> = {
  litellm: ['litellm', 'login litellm', 'postgres'],
  db: ['db', 'postgres'],
}
const withNeeds = (need: string) => NEEDS[need] ?? [need]

test('what nothing explains comes with its fix, in front of what it explains', () => {
  const findings = [
    ...placed([bad('containers', 'litellm', 'ends', 'restart it')], {
      provides: 'litellm',
      needs: ['litellm'],
    }),
    ...placed([bad('containers', 'postgres', 'is gone', 'start it')], {
      provides: 'postgres',
      needs: ['postgres'],
    }),
    ...placed([bad('database', 'login', 'no answer', 'x')], {
      provides: 'login litellm',
      needs: ['postgres'],
    }),
    ...placed([ok('containers', 'db', 'healthy')], { provides: 'db', needs: ['db'] }),
    ...placed([bad('call', 'db-x', 'failed', 'x')], { needs: ['db'] }),
    bad('call', 'time-x', 'failed', 'look'),
  ]
  expect(table(explained(findings, withNeeds))).toBe(`FAILED  containers  postgres  is gone
        fix: start it
effect  containers  litellm   ends
        because of: containers postgres
effect  database    login     no answer
        because of: containers postgres
effect  call        db-x      failed
        because of: containers postgres
ok      containers  db        healthy
FAILED  call        time-x    failed
        fix: look

5 of 6 checks failed. 3 of them by the failure of another.`)
})
