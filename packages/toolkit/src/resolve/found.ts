// resolve/found: what a package says about itself: the answer of every resolver.
import type { Lock } from '../lock/lock.ts'

export interface Found {
  version: string
  entry: string
  description?: string | undefined
  license?: string | undefined
  source?: string | undefined
  serverName?: string | undefined
  /** The lock of a binary: the program itself. The other runtimes make theirs later. */
  lock?: Lock
  /** Go only: the module that the program belongs to. */
  module?: string
  /** Arguments that are part of the program. */
  args?: readonly string[]
}
