// client/stdio: the tool itself over its pipes, to compare answers with.
import type { Readable, Writable } from 'node:stream'
import { cleanEnv, start, type Exit, type Started } from '../started.ts'
import { WireClient } from './client.ts'

export interface StdioOptions {
  /** Added to a small clean environment. */
  env?: Readonly<Record<string, string>>
  cwd?: string
}

export class StdioClient extends WireClient {
  /** What it has written to stderr. */
  stderr = ''
  /** Lines of stdout, as they came. */
  readonly lines: string[] = []
  readonly #command: readonly string[]
  readonly #options: StdioOptions
  #started: Started | undefined

  constructor(command: readonly string[], options: StdioOptions = {}) {
    super()
    this.#command = command
    this.#options = options
  }

  get pid(): number {
    return this.#running.pid
  }

  /** Starts the process. */
  async connect(): Promise<void> {
    const { env, cwd } = this.#options
    const where = cwd === undefined ? {} : { cwd }
    this.#started = await start(this.#command, {
      env: cleanEnv(env),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...where,
    })
    const { stdin, stdout, stderr } = this.#pipes
    // It may be gone already; `exited` says so.
    stdin.on('error', () => {})
    stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    let unfinished: string[] = []
    stdout.setEncoding('utf8').on('data', (text: string) => {
      const [first = '', ...others] = text.split('\n')
      unfinished.push(first)
      for (const other of others) {
        this.#takeLine(unfinished.join(''))
        unfinished = [other]
      }
    })
    void this.#started.exited.then((exit) =>
      this.failAll(new Error(`the process ended with ${JSON.stringify(exit)}`)),
    )
  }

  /** Closes stdin, then insists after `graceMs`. */
  async close(graceMs = 2000): Promise<Exit> {
    const { process, exited } = this.#running
    process.stdin?.end()
    const timer = setTimeout(() => process.kill('SIGKILL'), graceMs)
    const exit = await exited
    clearTimeout(timer)
    return exit
  }

  protected override transmit(message: unknown): Promise<void> {
    const { stdin } = this.#pipes
    return new Promise((resolve, reject) => {
      stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()))
    })
  }

  get #running(): Started {
    if (this.#started === undefined) throw new Error('connect() first')
    return this.#started
  }

  get #pipes(): { stdin: Writable; stdout: Readable; stderr: Readable } {
    const { stdin, stdout, stderr } = this.#running.process
    if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes')
    return { stdin, stdout, stderr }
  }

  #takeLine(line: string): void {
    this.lines.push(line)
    if (line.trim() !== '') this.takeText(line)
  }
}
