// What the suites of `.ci/run` come to. Runs on Node 20 with nothing installed.
//   judge.mjs again <suite>      prints the files to run once more
//   judge.mjs verdict <suite>…   prints what was flaky and what failed, and last `<passed> <failed> <skipped>`
// A suite is a folder: `title`; `first`, its outcome by reporter.mjs; `first.status`, the exit status of its command;
// `first.closed` if its global teardown went well; and the same of `again` if something was run once more.
//
// Run again is a test file, never a suite: what a file did wrong can be looked at again in that file alone. What
// belongs to no file stays a failure whatever a second run says, since that run would not show it again: a global
// teardown that finds something left behind (the processes of eighty files bear no name of a file, and a file that is
// run alone does not meet its neighbours), an error that vitest attributes to no file, a run that was ended because it
// took too long, or one that leaves no report.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Exit statuses of timeout(1): ended by SIGTERM, or by SIGKILL. */
const TIMED_OUT = new Set([124, 137])

const [verb, ...folders] = process.argv.slice(2)

if (verb === 'again') {
  for (const { file } of toRunAgain(read(folders[0], 'first'))) process.stdout.write(`${file}\n`)
} else {
  const verdicts = folders.map(verdict)
  for (const line of verdicts.flatMap((each) => each.flaky)) say(`flaky: ${line}`)
  for (const line of verdicts.flatMap((each) => each.failed)) say(`failed: ${line}`)
  const sum = (what) => verdicts.reduce((total, each) => total + each[what], 0)
  say(`${sum('passed')} ${sum('failures')} ${sum('skipped')}`)
}

function verdict(folder) {
  const first = read(folder, 'first')
  const repeated = toRunAgain(first)
  const again = repeated.length === 0 ? { files: [], troubles: [] } : read(folder, 'again')
  const title = readFileSync(join(folder, 'title'), 'utf8').trim()
  const failed = [...first.troubles, ...again.troubles].map((trouble) => `${title}: ${trouble}`)
  const flaky = []
  const tests = []
  for (const before of first.files) {
    // What was to run again, and is not in the report of the second run, has failed for good.
    const after =
      (repeated.includes(before) && again.files.find(({ file }) => file === before.file)) || before
    const faults = faultsOf(after)
    const isGood = faults.length === 0
    for (const fault of faultsOf(before).filter((each) => !faults.includes(each))) {
      const hasPassed = after.tests.some((test) => test.title === fault && test.state === 'passed')
      ;(isGood || hasPassed ? flaky : failed).push(`${before.file}: ${fault}`)
    }
    for (const fault of faults) failed.push(`${before.file}: ${fault}`)
    tests.push(...after.tests)
  }
  const count = (state) => tests.filter((test) => test.state === state).length
  return { flaky, failed, passed: count('passed'), failures: failed.length, skipped: count('skipped') }
}

/** The first run's; none of a run that was ended, which has failed whatever they do. */
function toRunAgain({ files, hasTimedOut }) {
  return hasTimedOut ? [] : files.filter((each) => faultsOf(each).length > 0)
}

/** The titles of the tests that failed, and what failed outside of them. */
function faultsOf({ state, errors, tests }) {
  if (state === 'not finished') return [state]
  if (state !== 'failed') return []
  return [...tests.filter((test) => test.state === 'failed').map(({ title }) => title), ...errors]
}

/** An outcome, and its troubles: what is wrong with the run as a whole. */
function read(folder, run) {
  const path = join(folder, run)
  const which = run === 'first' ? 'the run' : 'the second run'
  const status = existsSync(`${path}.status`) ? Number(readFileSync(`${path}.status`, 'utf8')) : undefined
  const hasTimedOut = TIMED_OUT.has(status)
  let outcome
  try {
    outcome = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {
      files: [],
      troubles: [`${which} left no report of its tests (exit status ${status})`],
      hasTimedOut,
    }
  }
  const { files, errors } = outcome
  const troubles = [...errors]
  const missed = files.filter((each) => each.state === 'not begun').length
  if (missed > 0) troubles.push(`${which} has not begun ${missed} of its ${files.length} test files`)
  if (hasTimedOut) troubles.push(`${which} was ended because it took too long`)
  else if (files.length === 0) troubles.push(`${which} had no tests`)
  else if (!existsSync(`${path}.closed`)) troubles.push(`the global teardown of ${which} failed`)
  else if (status !== 0 && troubles.length === 0 && files.every((each) => faultsOf(each).length === 0))
    troubles.push(`${which} ended with exit status ${status}, and no test had failed`)
  return { files, troubles, hasTimedOut }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
