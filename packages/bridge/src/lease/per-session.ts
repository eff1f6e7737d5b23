// lease/per-session: a process for each session; its client's pace is its own.
import { BridgeError, toBridgeError } from '../errors.ts'
import { compose } from '../relay/intercept.ts'
import { Multiplexer } from '../relay/multiplexer.ts'
import { createPeer } from '../relay/peer.ts'
import { traceEnvironmentOf } from '../rpc/trace-context.ts'
import type { Logger } from '../telemetry/logger.ts'
import { join } from './join.ts'
import { interceptorsFor, type Leases, type LeasesOptions } from './lease.ts'
import { ownerOf } from './owner.ts'

export function perSession(options: LeasesOptions, log: Logger): Leases {
  const { config, timings, supply, disclosure, rulesFor, stopGraceMs, onCrash, onHealthy } = options
  return {
    open: async ({ caller, trace, signal, onGone }) => {
      const { principal, env, account } = caller
      const owner = ownerOf(principal, env)
      const child = await supply
        .acquire(owner, account, signal, traceEnvironmentOf(trace))
        .catch((error: unknown) => {
          throw disclosure.toUser(owner, toBridgeError(error))
        })
      const peer = createPeer(caller)
      const multiplexer = new Multiplexer(
        child,
        new Set([peer]),
        {
          isShared: false,
          maxBacklogBytes: config.maxBufferBytes,
          lostMs: timings.lostMs,
          onHealthy: () => onHealthy(owner),
        },
        log,
      )
      join(child, multiplexer, {
        childGone: (ended) => {
          const { hasAnswered, isHealthy } = multiplexer
          const error = !hasAnswered && supply.size > 1 ? withLockHint(ended) : ended
          onCrash({ owner, error, isHealthy })
          const told = disclosure.toUser(owner, error)
          multiplexer.childGone(told)
          onGone(told)
        },
      })
      return {
        dispatcher: compose(multiplexer.dispatcherFor(peer), interceptorsFor(rulesFor(caller), log)),
        childPid: child.pid,
        get backlogBytes() {
          return child.backlogBytes
        },
        pause: () => child.pause(),
        resume: () => child.resume(),
        stop: () => void child.stop(stopGraceMs()),
      }
    },
    close: async () => {},
  }
}

/** It ran alone, and now that others of its kind run it does not even start: it may hold a lock. */
function withLockHint(error: BridgeError): BridgeError {
  const hint = 'if it cannot run beside another of its kind (it holds a lock), use --children shared --warm 0'
  return new BridgeError(error.code, error.message, {
    cause: error,
    hint,
    ...(error.data && { data: error.data }),
  })
}
