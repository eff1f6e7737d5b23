// bundle.entry: what the one file gives; each of the two loads only what it needs.
exports.main = (...args) => require('./src/cli/main.ts').main(...args)
Object.defineProperty(exports, 'library', { enumerable: true, get: () => require('./src/index.ts') })
