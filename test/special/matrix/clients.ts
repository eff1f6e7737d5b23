// matrix/clients: who is asked, what is expected of each, and what it cannot do.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../e2e/command.ts'
import { inspector, INSPECTOR_CAN } from './inspector.ts'
import { VERSIONS, type Installed } from './install.ts'
import { observe } from './observe.ts'
import { ANSWERS, FEATURES, type Feature, type Plan, type Seen } from './plan.ts'
import { sdk1 } from './sdk1.ts'
import { sdk2 } from './sdk2.ts'

export interface Task {
  url: string
  /** What the client calls itself. */
  name: string
  plan: Plan
  /** Where it is seen what the tool reads. */
  folder: string
  installed: Installed
}

export interface Client {
  name: string
  revision: '2025-11-25' | '2026-07-28'
  /** Why it does not do these. */
  lacks: Partial<Record<Feature, string>>
  see(task: Task): Promise<Seen>
}

type PythonName = 'python1' | 'python2' | 'fastmcp'

const python =
  (which: PythonName, script: string) =>
  async ({ url, name, folder, plan, installed }: Task): Promise<Seen> => {
    const path = fileURLToPath(new URL(script, import.meta.url))
    const args = [url, name, folder, JSON.stringify(plan), JSON.stringify(ANSWERS)]
    // What it imports stands beside it, and a test leaves nothing in its folder.
    const env = { PYTHONPYCACHEPREFIX: join(dirname(installed[which]), 'pycache') }
    return JSON.parse(await run([installed[which], path, ...args], { env })) as Seen
  }

const noQuestions =
  'A run is one call: it answers no questions, shows no notifications and is over with its call.'
const inspectorLacks = Object.fromEntries(
  FEATURES.filter((feature) => !INSPECTOR_CAN.includes(feature)).map((feature) => [feature, noQuestions]),
)

export const CLIENTS: readonly Client[] = [
  {
    name: `TypeScript SDK ${VERSIONS.sdk}`,
    revision: '2025-11-25',
    lacks: {},
    see: async ({ url, name, plan, folder }) => observe(await sdk1(url, name), plan, folder),
  },
  {
    name: `TypeScript client ${VERSIONS.client}`,
    revision: '2025-11-25',
    lacks: {},
    see: async ({ url, name, plan, folder }) => observe(await sdk2(url, name), plan, folder),
  },
  {
    name: `TypeScript client ${VERSIONS.client}, \`auto\``,
    revision: '2026-07-28',
    lacks: {},
    see: async ({ url, name, plan, folder }) => observe(await sdk2(url, name, 'auto'), plan, folder),
  },
  {
    name: `TypeScript client ${VERSIONS.client}, \`pin\``,
    revision: '2026-07-28',
    lacks: {},
    see: async ({ url, name, plan, folder }) =>
      observe(await sdk2(url, name, { pin: '2026-07-28' }), plan, folder),
  },
  {
    name: `Python SDK ${VERSIONS.python1}`,
    revision: '2025-11-25',
    lacks: { cancel: 'A call that its program gives up is not cancelled.' },
    see: python('python1', 'mcp1.py'),
  },
  {
    name: `Python SDK ${VERSIONS.python2}`,
    revision: '2026-07-28',
    lacks: {},
    see: python('python2', 'mcp2.py'),
  },
  {
    name: `FastMCP ${VERSIONS.fastmcp}`,
    revision: '2026-07-28',
    lacks: { listen: 'It has no call for `subscriptions/listen`.' },
    see: python('fastmcp', 'fastmcp4.py'),
  },
  ...(['legacy', 'modern'] as const).map((era) => ({
    name: `Inspector ${VERSIONS.inspector}, \`--cli --protocol-era ${era}\``,
    revision: era === 'legacy' ? ('2025-11-25' as const) : ('2026-07-28' as const),
    lacks: inspectorLacks,
    see: ({ url, plan, installed }: Task) => inspector(url, installed.inspector, era, plan),
  })),
]
