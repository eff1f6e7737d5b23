// lease/join: what a child says goes to its multiplexer.
import type { Child, ChildListener } from '../child/child.ts'
import type { Multiplexer } from '../relay/multiplexer.ts'

/** Begins to read the child. */
export function join(
  child: Child,
  multiplexer: Multiplexer,
  listener: Pick<ChildListener, 'childGone' | 'receiveNoise'>,
): void {
  child.listen({
    receive: (message) => multiplexer.receive(message),
    receiveLost: (id, error, isSure) => multiplexer.receiveLost(id, error, isSure),
    ...listener,
  })
}
