// relay/interceptors/client-capabilities: a client is asked only what it has said that it takes.
import type { Interceptor } from '../dispatch.ts'
import { intercept, overhear } from '../intercept.ts'

/** MCP has three capabilities of a client that a child can make use of. */
const MAX_NAMES = 32
const MAX_NAME = 64

/** For a child that others share: it was initialised with what any of them might take. */
export function clientCapabilities(capabilities: Readonly<Record<string, unknown>>): Interceptor {
  const takes = taken(capabilities)
  return (next) =>
    intercept(next, {
      listen: (listener) =>
        next.listen(
          overhear(listener, {
            onServerRequest: (request, message) => {
              if (takes(message.method)) listener.onServerRequest(request, message)
              else request.refuse(`this client does not take ${message.method}`)
            },
          }),
        ),
    })
}

/** Whether such a request is taken. Of what the client has sent only some names are kept. */
function taken(capabilities: Readonly<Record<string, unknown>>): (method: string) => boolean {
  const names = Object.keys(capabilities).filter((name) => name.length <= MAX_NAME)
  const families = new Set(names.slice(0, MAX_NAMES))
  return (method) => {
    const [family = ''] = method.split('/')
    return family === 'ping' || families.has(family)
  }
}
