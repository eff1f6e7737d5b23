// people/name: what a person of the stack may be called.
import { ToolkitError } from '../../errors.ts'
import { GATEWAY } from '../../render/names.ts'

/** The same letters as the bridge admits; the name goes into its files and into LiteLLM. */
const NAME = /^[A-Za-z0-9._@-]{1,64}$/

/** `default` is the principal of a token that a bridge has from its options; `anonymous` that of a caller without one. */
const RESERVED = new Set([GATEWAY, 'default', 'anonymous'])

/** @throws ToolkitError if no person can be called so */
export function checkName(name: string): void {
  if (!NAME.test(name))
    throw new ToolkitError(`"${name}" is no name`, {
      hint: 'write up to 64 letters, digits and . _ @ -, no spaces',
    })
  if (RESERVED.has(name))
    throw new ToolkitError(`"${name}" is no person: the bridges use this name themselves`)
}
