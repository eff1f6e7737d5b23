// fails-on-signal: loaded before the bridge: a signal brings an error that nobody catches.
process.on('SIGUSR2', () => setImmediate(() => fail()))
process.on('SIGWINCH', () => void Promise.resolve().then(fail))

function fail(): never {
  throw new Error('from nowhere')
}
