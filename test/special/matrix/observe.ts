// matrix/observe: takes the steps of a plan with a client of TypeScript. `observe.py` does the same in Python.
import { eventually } from '@mcp-bridge/testkit'
import { FEATURES, type Feature, type Plan, type Seen, type Step } from './plan.ts'
import { hasReached, isCancelled } from './recorder.ts'

export interface CallOptions {
  onprogress?: (step: { progress: number; total?: number | undefined }) => void
  signal?: AbortSignal
  wantsLog?: boolean
}

/** The few things that are asked of each client. */
export interface Driver {
  revision: string | undefined
  /** Methods of notifications of changes. */
  heard: string[]
  logged: unknown[]
  names(): Promise<string[]>
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<string>
  read(uri: string): Promise<string>
  prompt(name: string, args: Record<string, string>): Promise<string>
  /** For changes of resources, or of this one. */
  listen(uri: string | undefined): Promise<void>
  close(): Promise<void>
}

/** @param folder where it is seen what the tool reads */
type Take = (driver: Driver, step: Required<Step>, folder: string) => Promise<string>

const STEPS: Record<Feature, Take> = {
  list: async (driver) => (await driver.names()).join(' '),
  call: (driver, { name, args }) => driver.call(name, args),
  resources: (driver, { uri }) => driver.read(uri),
  prompts: (driver, { name, args }) => driver.prompt(name, args as Record<string, string>),
  sampling: (driver, { name, args }) => driver.call(name, args),
  elicitation: (driver, { name, args }) => driver.call(name, args),
  roots: (driver, { name, args }) => driver.call(name, args),
  progress: async (driver, { name, args }) => {
    const steps: string[] = []
    await driver.call(name, args, {
      onprogress: ({ progress, total }) => steps.push(`${progress} of ${total}`),
    })
    return steps.join(', ')
  },
  logging: async (driver, { name, args }) => {
    await driver.call(name, args, { wantsLog: true })
    await eventually(() => driver.logged.length > 0, { what: 'a log message' })
    return JSON.stringify(driver.logged)
  },
  listen: async (driver, { name, args, uri }) => {
    await driver.listen(uri)
    await driver.call(name, args)
    await eventually(() => driver.heard.length > 0, { what: 'a notification' })
    return driver.heard.join(' ')
  },
  cancel: async (driver, { name, args }, folder) => {
    const controller = new AbortController()
    const outcome = driver.call(name, args, { signal: controller.signal }).then(
      () => 'answered',
      () => 'cancelled',
    )
    await eventually(() => hasReached(folder, args), { what: 'the call at the tool' })
    controller.abort()
    // While the client is still there: one that leaves cancels all it has asked for.
    await eventually(() => isCancelled(folder, args), { what: 'the cancelling at the tool' })
    return outcome
  },
}

export async function observe(driver: Driver, plan: Plan, folder: string): Promise<Seen> {
  const features: Seen['features'] = {}
  for (const feature of FEATURES) {
    const step = plan[feature]
    if (step === undefined) continue
    try {
      features[feature] = { said: await STEPS[feature](driver, step as Required<Step>, folder) }
    } catch (error) {
      features[feature] = { failed: String(error) }
    }
  }
  const { revision } = driver
  await driver.close()
  return { revision, features }
}

/** All text in a result. */
export function textOf(result: object): string {
  const { content = [] } = result as { content?: { text?: string }[] }
  return content.map(({ text = '' }) => text).join('\n')
}
