// build/lacking: programs that a tool drives and its image does not have: it starts, and each call fails.
import type { Tool } from '../recipe/read.ts'

interface Program {
  /** Packages that drive it. */
  drivers: RegExp
  /** Names of tools that drive it with no such package, or with one that no lock tells of. */
  named: RegExp
  /** Debian packages that have it. */
  has: RegExp
  note: string
}

const PROGRAMS: readonly Program[] = [
  {
    drivers:
      /^(?:playwright|playwright-core|patchright|puppeteer|puppeteer-core|selenium|selenium-webdriver|pyppeteer|undetected-chromedriver|chrome-launcher)$/,
    named: /chrome|puppeteer|playwright|browser-?(?:use|automation)/i,
    has: /^(?:chromium|firefox(?:-esr)?)$/,
    note: 'it drives a browser, and none is in the image: --system-package chromium',
  },
  {
    drivers: /^(?:simple-git|gitpython)$/i,
    named: /(?:^|[-_/])git(?:[-_/]|$)/i,
    has: /^git$/,
    note: 'it seems to start git, which is not in the image: --system-package git',
  },
]

/** What to tell the person about each. */
export function lacking(tool: Tool): string[] {
  const { runtime, systemPackages } = tool.recipe
  if (runtime !== 'node' && runtime !== 'python') return []
  const name = runtime === 'node' ? tool.recipe.package : ''
  const locked = namesIn(tool)
  return PROGRAMS.filter(
    ({ drivers, named, has }) =>
      !systemPackages.some((each) => has.test(each)) &&
      (named.test(name) || locked.some((each) => drivers.test(each))),
  ).map(({ note }) => note)
}

function namesIn({ recipe, lock }: Tool): string[] {
  if (recipe.runtime === 'python')
    return (
      lock
        .get('requirements.txt')
        ?.toString()
        .match(/^[\w.-]+(?===)/gm) ?? []
    )
  const folders =
    lock
      .get('package-lock.json')
      ?.toString()
      .match(/(?<=")node_modules\/[^"]+(?=": ?\{)/g) ?? []
  return folders.map((folder) => folder.split('node_modules/').at(-1) ?? '')
}
