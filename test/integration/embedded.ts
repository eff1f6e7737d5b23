// embedded: a bridge within the test's own process, whose long waits are short.
import { createBridge, type BridgeOptions, type ConfigInput } from 'mcp-bridge'
import { afterAll } from 'vitest'

export interface Embedded {
  port: number
  close(): Promise<void>
}

const closers: (() => Promise<void>)[] = []

/** Real children, a real port; it ends with the file. */
export async function embedded(
  config: ConfigInput,
  timings: NonNullable<BridgeOptions['timings']>,
): Promise<Embedded> {
  const bridge = createBridge({ port: 0, ...config }, { timings })
  const close = () => bridge.close({ drainMs: 0 })
  closers.push(close)
  const { port } = await bridge.listen()
  return { port, close }
}

/** Once per file, before the check that nothing is left. */
export function closeEmbedded(): void {
  afterAll(async () => {
    await Promise.all(closers.splice(0).map((close) => close()))
  })
}
