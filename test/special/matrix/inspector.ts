// matrix/inspector: the command line of MCP Inspector, a run for each step.
import { tempDir } from '@mcp-bridge/testkit'
import { run } from '../../e2e/command.ts'
import { FEATURES, type Feature, type Plan, type Seen, type Step } from './plan.ts'

type Arguments = (step: Required<Step>) => string[]

const METHODS: Partial<Record<Feature, Arguments>> = {
  list: () => ['--method', 'tools/list'],
  call: ({ name, args }) => [
    ...['--method', 'tools/call', '--tool-name', name],
    ...['--tool-args-json', JSON.stringify(args)],
  ],
  resources: ({ uri }) => ['--method', 'resources/read', '--uri', uri],
  prompts: ({ name, args }) => [
    ...['--method', 'prompts/get', '--prompt-name', name, '--prompt-args'],
    ...Object.entries(args).map(([key, value]) => `${key}=${String(value)}`),
  ],
}

export const INSPECTOR_CAN = Object.keys(METHODS) as Feature[]

export async function inspector(url: string, script: string, era: string, plan: Plan): Promise<Seen> {
  const features: Seen['features'] = {}
  const env = { HOME: tempDir() }
  for (const feature of FEATURES) {
    const [step, method] = [plan[feature], METHODS[feature]]
    if (step === undefined || method === undefined) continue
    const own = ['--protocol-era', era, '--format', 'json', '--connect-timeout', '60000']
    const args = [...method(step as Required<Step>), ...own]
    features[feature] = await run([process.execPath, script, '--cli', url, ...args], { env }).then(
      (stdout) => ({ said: textsOf(stdout) }),
      (error: unknown) => ({ failed: String(error) }),
    )
  }
  return { features }
}

/** With the quotes that are in a text as the text has them. */
function textsOf(stdout: string): string {
  const texts: string[] = []
  JSON.parse(stdout, (_key, value: unknown) => {
    if (typeof value === 'string') texts.push(value)
    return value
  })
  return texts.join('\n')
}
