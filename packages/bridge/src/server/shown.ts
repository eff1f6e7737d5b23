// server/shown: what the status page is told of each server, also of one that is not served.
import type { Server } from '../config/config.ts'
import type { StatusTool } from '../status/view.ts'
import { restingLook, STARTS_LATER } from '../tool/look.ts'
import type { Slot } from './slot.ts'

export function shownOf(slot: Slot): StatusTool {
  const { name, plan } = slot
  const { config, shown, start } = plan.server
  return {
    name,
    command: shown ?? config.command[0] ?? '',
    paths: config,
    isFor: (principal) => plan.profiles.mayEnter(principal),
    look: async () => {
      const problem = slot.readiness()
      if (slot.tool !== undefined) return slot.tool.look()
      const isLazy = problem === undefined && start === 'lazy'
      return restingLook(
        problem?.status ?? 'idle',
        problem?.reason ?? (isLazy ? STARTS_LATER : ''),
        config.children,
      )
    },
  }
}

/** Whoever may use some servers only is not told of these. */
export function notServed(name: string, { state, reason, url, shown }: Server): StatusTool {
  const isWrong = state === 'wrong'
  const why = state === 'remote' ? `it runs elsewhere (${url ?? ''}): left to the clients` : (reason ?? '')
  return {
    name,
    command: shown ?? '',
    isFor: () => false,
    look: async () => restingLook(isWrong ? 'failing' : 'off', why),
  }
}
