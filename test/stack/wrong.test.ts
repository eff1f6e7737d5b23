// What verify says when it should fail: one cause, its effects as such, and a remedy that is followed here to the word.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { freePort } from '../e2e/port.ts'
import {
  becomesWell,
  change,
  commandOf,
  compose,
  failures,
  place,
  setting,
  sh,
  tried,
  verify,
} from './stack.ts'

interface Fault {
  what: string
  /** @param byHand is told what the remedy asks a person to do before its command */
  breaks: (byHand: (step: () => void) => void) => Promise<unknown>
  /** Of its cause: `check subject: detail → fix`. */
  says: RegExp
  /** Other failures are explained by it: at least one of these. */
  effect?: string
}

const FAULTS: Fault[] = [
  {
    what: 'the database is stopped, and LiteLLM has not noticed',
    breaks: () => compose('stop', 'postgres'),
    says: /^containers postgres: is stopped, ended with code \d+ → docker compose up -d --wait postgres$/,
    effect: 'key made',
  },
  {
    what: 'LiteLLM is stopped',
    breaks: () => compose('stop', 'litellm'),
    says: /^containers litellm: is stopped, ended with code \d+ → docker compose up -d --wait litellm$/,
    effect: 'litellm http://litellm:4000',
  },
  {
    what: 'a tool is killed by hand',
    breaks: () => compose('kill', 'time'),
    says: /^containers time: was killed: .* → docker compose up -d --wait time$/,
    effect: 'discovery time',
  },
  {
    what: 'a tool ends again and again',
    breaks: async (byHand) => {
      byHand(change('people/time/bridge.yaml', 'clients:', 'clientss: {}\nclients:'))
      await compose('restart', 'time')
      await eventually(async () => /restarting/i.test(await compose('ps', '--all', 'time')), {
        what: 'Docker to start it again',
        withinMs: 120_000,
      })
    },
    says: /^containers time: (ends again and again, last with code 2|has ended .*, and is starting again); it said: .*clientss.* → read the reason: docker compose logs --tail 50 time$/,
    effect: 'discovery time',
  },
  {
    what: 'a password that PostgreSQL was not set up with',
    breaks: async () => {
      change('.env', setting('LITELLM_DB_PASSWORD'), 'of-another-stack-0123456789')
      await tried(['docker', 'compose', 'up', '-d', '--wait', '--wait-timeout', '30'])
    },
    says: /^database login of litellm: PostgreSQL refuses the password of \.env: it was set up with another → .*10-roles\.sh/,
    effect: 'litellm http://litellm:4000',
  },
  {
    what: 'another program has the port',
    breaks: async (byHand) => {
      const port = await freePort(place.address)
      const script = `require('node:net').createServer().listen(${port}, '${place.address}', () => console.log())`
      const other = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'ignore'] })
      await once(other.stdout, 'data')
      byHand(() => other.kill('SIGKILL'))
      // It would do on the other port, but the other tests ask on this one.
      byHand(change('.env', `LAN_PORT=${place.port}`, `LAN_PORT=${port}`))
      const { stderr } = await tried(['docker', 'compose', 'up', '-d', '--wait'])
      expect(stderr).toMatch(/listen tcp4 .*: bind: address already in use/)
    },
    says: /^containers litellm: could not start: another program has port \d+ of [\d.]+ → stop it \(ss -ltnp/,
    effect: 'litellm http://litellm:4000',
  },
  {
    what: 'a wrong token',
    breaks: async (byHand) => {
      const token = /^gateway:(\S+)$/m.exec(await sh(['cat', 'people/memory/tokens']))?.[1] ?? ''
      const wrong = token.replace(/^./, (first) => (first === '0' ? '1' : '0'))
      byHand(change('people/memory/tokens', token, wrong))
      // It reads the file again by itself; this way nobody has to wait for it.
      await restarted('memory')
    },
    says: /^discovery memory: the bridge of memory refuses the token that LiteLLM sends → the line "gateway:" of people\/memory\/tokens and MEMORY_TOKEN in \.env/,
  },
  {
    what: 'a tool that lacks one of its own',
    breaks: async (byHand) => {
      byHand(change('people/memory/bridge.yaml', 'search_nodes', 'search_notes'))
      await restarted('memory')
    },
    says: /^discovery memory \/mcp\/: 2 tools instead of 3; missing: memory-search_notes →/,
  },
  {
    what: 'a mistyped alias',
    breaks: async (byHand) => {
      byHand(change('config/litellm.yaml', 'alias: time', 'alias: tiem'))
      await restarted('litellm')
    },
    says: /^discovery time: LiteLLM has no server with the alias "time", but one called "tiem" → write "alias: time" into the entry for time in config\/litellm\.yaml, then: docker compose restart litellm$/,
  },
  {
    what: 'a master key that LiteLLM was not started with',
    // The key of a stack that LiteLLM was not told of: it is another one from then on.
    breaks: async () => change('.env', setting('LITELLM_MASTER_KEY'), 'sk-of-another-day-0123456789'),
    says: /^key made: LiteLLM refuses the master key of \.env: HTTP 401.* → LiteLLM was started with another LITELLM_MASTER_KEY, then: docker compose up -d --wait litellm$/,
  },
  {
    what: 'the role of the tool may write',
    breaks: () => {
      const grant = 'grant create on schema public to mcp_reader'
      return compose('exec', '-T', 'postgres', 'psql', '-U', 'postgres', '-d', 'app', '-c', grant)
    },
    says: /^database write by the role: is allowed: .* → the role was changed, then: .*10-roles\.sh$/,
  },
]

test.for(FAULTS)('$what', async ({ breaks, says, effect }) => {
  const steps: (() => void)[] = []
  const byHand = () => {
    for (const step of steps.splice(0)) step()
  }
  try {
    await breaks((step) => steps.push(step))
    const verdict = await verify()
    expect(verdict.code).toBe(1)
    const [cause, ...others] = verdict.findings.filter(({ isOk }) => !isOk)
    expect(failures(verdict)[0]).toMatch(says)
    const name = `${cause?.check} ${cause?.subject}`
    const effects = others.filter(({ because }) => because === name)
    if (effect !== undefined)
      expect(effects.map(({ check, subject }) => `${check} ${subject}`)).toContain(effect)
    // Nothing else is wrong; both ways of asking may have the same to say.
    expect(others.filter((each) => !effects.includes(each) && each.fix !== cause?.fix)).toEqual([])
    byHand()
    const said = await sh(['sh', '-c', `${commandOf(cause?.fix ?? '')} 2>&1`])
    if (cause?.fix?.startsWith('read the reason') === true) expect(said).toContain(' clientss')
    expect(failures(await becomesWell())).toEqual([])
  } catch (error) {
    // What did not come right by its remedy must not fail the others, too.
    byHand()
    await tried(['docker', 'compose', 'restart'])
    await tried(['docker', 'compose', 'up', '-d', '--wait'])
    await becomesWell()
    throw error
  }
})

test('verify cannot ask at all: a sentence, and another exit code', async () => {
  const back = change('.env', 'LITELLM_MASTER_KEY=', 'X_LITELLM_MASTER_KEY=')
  try {
    await expect(verify()).rejects.toThrow(/verify ended with \d[^]*LITELLM_MASTER_KEY[^]*run \.\/setup/)
  } finally {
    back()
  }
})

async function restarted(service: string): Promise<void> {
  await compose('restart', service)
  await compose('up', '-d', '--wait', service)
}
