// embedded: a bridge within the test's own process, whose long waits are short.
import { createBridge, type BridgeOptions, type ConfigInput } from 'mcp-bridge'
import { pino } from 'pino'
import { afterAll } from 'vitest'

export interface Embedded {
  port: number
  /** What it has logged so far, one JSON object per line. */
  log(): string
  close(): Promise<void>
}

const closers: (() => Promise<void>)[] = []

/** Real children, a real port; it ends with the file. */
export async function embedded(
  config: ConfigInput,
  timings: NonNullable<BridgeOptions['timings']>,
): Promise<Embedded> {
  let logged = ''
  const logger = pino({ base: null }, { write: (line: string) => void (logged += line) })
  const bridge = createBridge({ port: 0, ...config }, { timings, logger })
  const close = () => bridge.close({ drainMs: 0 })
  closers.push(close)
  const { port } = await bridge.listen()
  return { port, log: () => logged, close }
}

/** Once per file, before the check that nothing is left. */
export function closeEmbedded(): void {
  afterAll(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
  })
}
