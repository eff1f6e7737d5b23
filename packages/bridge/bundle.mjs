// bundle: command and library in one file, which starts in half the time of its hundreds of modules, and is all an
// image needs. Nothing has to be installed beside it.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Bundles one entry into one CommonJS file, and puts the licences of all it holds beside it (`….LICENSES.txt`).
 *
 * CommonJS, since `require` of Node's own modules costs less than their import, which enumerates every export.
 */
export async function bundle(entry, outfile, options = {}) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.12',
    // Packages of this workspace as they are written, so that none has to be compiled first.
    conditions: ['source', 'module'],
    // Optional peers: found where they were installed, or not at all.
    external: ['@opentelemetry/*'],
    // The `main` of jsonc-parser is UMD, whose `require` no bundler can follow.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    ...options,
  })
  for (const { path, contents } of outputFiles) place(path, contents)
  const licences = licencesOf(Object.keys(metafile.inputs))
  place(outfile.replace(/\.cjs$/, '.LICENSES.txt'), Buffer.from(licences))
}

/** Whoever runs what is there while it is made anew finds it whole: a file is replaced at once, and only by another. */
export function place(path, contents, mode = 0o644) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  mkdirSync(dirname(path), { recursive: true })
  const part = `${path}.${process.pid}`
  writeFileSync(part, contents, { mode })
  renameSync(part, path)
}

/** The text of each package whose files are in it, by name. */
function licencesOf(inputs) {
  const packages = new Set(
    inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  )
  const texts = [...packages].map((path) => {
    const folder = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each))
    const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version}\n\n${text}\n`
  })
  return texts.toSorted().join(`\n${'-'.repeat(80)}\n\n`)
}

/** Of express only the router is used: the bundle takes it from where express has it, without the rest. */
const routerOnly = {
  name: 'router-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^express$/ }, () => ({ path: 'express', namespace: 'router-only' }))
    onLoad({ filter: /.*/, namespace: 'router-only' }, () => {
      const express = createRequire(import.meta.url).resolve('express')
      const router = createRequire(express).resolve('router')
      return { contents: `exports.Router = require(${JSON.stringify(router)})`, resolveDir: dirname(express) }
    })
  },
}

/** Of prom-client what writes text: the rest measures processes its own way, with an API of OpenTelemetry's beside. */
const textOnly = {
  name: 'text-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^prom-client$/ }, () => ({ path: 'prom-client', namespace: 'text-only' }))
    onLoad({ filter: /.*/, namespace: 'text-only' }, () => {
      const folder = dirname(createRequire(import.meta.url).resolve('prom-client'))
      const parts = ['Counter', 'Gauge', 'Histogram', 'Registry'].map(
        (name) => `exports.${name} = require('./lib/${name.toLowerCase()}.js')`,
      )
      return { contents: parts.join('\n'), resolveDir: folder }
    })
  },
}

/**
 * The library is the same file, behind the names that it exports: an import of the package and the command share it.
 * CommonJS cannot be imported by name where a getter makes the exports.
 */
function placeLibrary(outfile) {
  const { library } = createRequire(import.meta.url)(outfile)
  const names = Object.keys(library).toSorted().join(', ')
  place(
    here('dist/index.js'),
    Buffer.from(
      `import bundle from './${basename(outfile)}'\n\nexport const { ${names} } = bundle.library\n`,
    ),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outfile = here('dist/mcp-bridge.bundle.cjs')
  await bundle(here('bundle.entry.cjs'), outfile, { plugins: [routerOnly, textOnly] })
  placeLibrary(outfile)
}
