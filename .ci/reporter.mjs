// A vitest reporter for `.ci/run`: what became of each test file, written anew after each, so that a run that is killed leaves it too.
import { renameSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/** Where it is written; `.ci/judge.mjs` reads it. */
const OUTCOME = process.env.MCP_BRIDGE_TEST_OUTCOME

export default class Reporter {
  #root = ''
  #files = new Map()
  /** Errors outside any file. */
  #errors = []

  onInit(vitest) {
    this.#root = vitest.config.root
  }

  onTestRunStart(specifications) {
    for (const { moduleId } of specifications)
      this.#files.set(moduleId, { state: 'not begun', errors: [], tests: [] })
    this.#write()
  }

  onTestModuleQueued({ moduleId }) {
    this.#files.get(moduleId).state = 'not finished'
    this.#write()
  }

  onTestModuleEnd(module) {
    this.#take(module)
    this.#write()
  }

  onTestRunEnd(modules, unhandled) {
    for (const module of modules) this.#take(module)
    for (const error of unhandled) {
      const file = this.#files.get(error.VITEST_TEST_PATH ?? this.#crashed(error))
      if (file === undefined) this.#errors.push(firstLine(error))
      else Object.assign(file, { state: 'failed', errors: [...file.errors, firstLine(error)] })
    }
    this.#write()
  }

  #take(module) {
    const { children } = module
    this.#files.set(module.moduleId, {
      // Vitest never says 'failed' of a file whose worker has crashed.
      state: ['pending', 'queued'].includes(module.state()) ? 'not finished' : module.state(),
      // A hook of a file or a `describe` that fails belongs to no test.
      errors: [module, ...children.allSuites()].flatMap((each) => each.errors().map(firstLine)),
      tests: Array.from(children.allTests(), (each) => ({
        title: oneLine(each.fullName),
        state: each.result().state,
      })),
    })
  }

  /** Vitest names the file whose worker has crashed in the text of the cause alone. */
  #crashed({ cause }) {
    const message = String(cause?.message)
    return [...this.#files.keys()].find(
      (path) => this.#files.get(path).state === 'not finished' && message.includes(path),
    )
  }

  #write() {
    const files = Array.from(this.#files, ([path, file]) => ({ file: relative(this.#root, path), ...file }))
    // Whole or not at all: it may be killed in between.
    writeFileSync(`${OUTCOME}.new`, JSON.stringify({ files, errors: this.#errors }))
    renameSync(`${OUTCOME}.new`, OUTCOME)
  }
}

function firstLine(error) {
  return oneLine(`${error.name ?? 'Error'}: ${error.message ?? error}`.trim().split('\n')[0])
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ')
}
