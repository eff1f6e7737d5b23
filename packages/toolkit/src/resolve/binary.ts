// resolve/binary: a program for Linux in a file of this machine; the hash of its bytes is its version.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { ToolkitError } from '../errors.ts'
import type { Found } from './found.ts'

const ELF = Buffer.from('\u007fELF')
const SCRIPT = Buffer.from('#!')

export function resolveBinary(file: string): Found {
  let bytes: Buffer
  try {
    // A device or a pipe could be read for ever.
    if (!statSync(file).isFile()) throw new ToolkitError(`${file} is no file`)
    bytes = readFileSync(file)
  } catch (cause) {
    if (cause instanceof ToolkitError) throw cause
    throw new ToolkitError(`cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
  if (!bytes.subarray(0, 4).equals(ELF) && !bytes.subarray(0, 2).equals(SCRIPT))
    throw new ToolkitError(`${file} is no program for Linux`, {
      hint: 'build it with GOOS=linux, or its like',
    })
  const entry = basename(file)
  return {
    version: `sha256-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`,
    entry,
    lock: new Map([[entry, bytes]]),
  }
}
