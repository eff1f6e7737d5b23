// audit/file: lines at the end of a file, which others may take away or cut, and on stdout.
import { closeSync, constants, fstatSync, openSync, statSync, write, writeSync } from 'node:fs'
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import type { Sink, Written } from './journal.ts'

const STDOUT = 1
/** A pipe without a reader is an error at once, rather than a wait for one. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK
const MODE = 0o600
/** How often it is looked whether the file is still where it was. */
const LOOK_MS = 1000

export class FileSink implements Sink {
  readonly #path: string | undefined
  #fd: number | undefined
  /** Bytes of the first line that are written already. */
  #begun = 0
  #isWriting = false
  #isStale = false
  #lookedAt = 0

  /** @param path undefined for stdout */
  constructor(path: string | undefined) {
    this.#path = path
  }

  get place(): string {
    return this.#path ?? 'stdout'
  }

  open(): void {
    try {
      this.#ready()
    } catch (cause) {
      throw new BridgeError('config_invalid', `--audit: ${(cause as Error).message}`, {
        cause,
        hint: 'name a file in a folder that the bridge may write to',
      })
    }
  }

  write(lines: readonly string[], done: Written): void {
    let bytes: Buffer
    try {
      const fd = this.#ready()
      bytes = this.#bytesOf(lines)
      this.#isWriting = true
      write(fd, bytes, 0, bytes.length, null, (error, count) => {
        this.#isWriting = false
        if (this.#isStale) this.reopen()
        if (error === null) this.#count(lines, bytes, count, done)
        else done(0, error)
      })
    } catch (error) {
      setImmediate(done, 0, error as Error)
    }
  }

  writeNow(lines: readonly string[], done: Written): void {
    let count: number
    let bytes: Buffer
    try {
      const fd = this.#ready()
      bytes = this.#bytesOf(lines)
      count = writeSync(fd, bytes)
    } catch (error) {
      return done(0, error as Error)
    }
    this.#count(lines, bytes, count, done)
  }

  /** At once, so that the new file is there before the next line is. */
  reopen(): void {
    if (this.#path === undefined) return
    this.#isStale = true
    if (this.#isWriting) return
    try {
      this.#ready()
    } catch {
      // The next line will find out.
    }
  }

  close(): void {
    // One that is still being written to ends with the process.
    if (this.#path === undefined || this.#fd === undefined || this.#isWriting) return
    closeSync(this.#fd)
    this.#fd = undefined
  }

  /** Throws where the file cannot be opened. */
  #ready(): number {
    if (this.#path === undefined) return STDOUT
    const fd = this.#fd
    if (fd !== undefined && !this.#isStale && !this.#isGone(this.#path, fd)) return fd
    this.#isStale = true
    const opened = openSync(this.#path, FLAGS, MODE)
    if (fd !== undefined) closeSync(fd)
    this.#fd = opened
    this.#isStale = false
    // What was begun is in the other file: here the line stands as a whole.
    this.#begun = 0
    return opened
  }

  /** Somebody has moved or deleted it, and has put another in its place or not. */
  #isGone(path: string, fd: number): boolean {
    const now = monotonicMs()
    if (now - this.#lookedAt < LOOK_MS) return false
    this.#lookedAt = now
    const there = statSync(path, { throwIfNoEntry: false })
    const ours = fstatSync(fd)
    return there?.ino !== ours.ino || there.dev !== ours.dev
  }

  #bytesOf(lines: readonly string[]): Buffer {
    return Buffer.from(lines.join('')).subarray(this.#begun)
  }

  /** A disk that fills up, or a pipe, takes a part. */
  #count(lines: readonly string[], bytes: Buffer, count: number, done: Written): void {
    if (count === bytes.length) {
      this.#begun = 0
      return done(lines.length)
    }
    let left = this.#begun + count
    let whole = 0
    for (const line of lines) {
      const length = Buffer.byteLength(line)
      if (left < length) break
      left -= length
      whole++
    }
    this.#begun = left
    done(whole)
  }
}
