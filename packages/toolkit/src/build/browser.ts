// build/browser: whether a tool drives a browser that its image does not have: it starts, and each call fails.
import type { Tool } from '../recipe/read.ts'

const DRIVERS =
  /^(?:playwright|playwright-core|patchright|puppeteer|puppeteer-core|selenium|selenium-webdriver|pyppeteer|undetected-chromedriver|chrome-launcher)$/
const NAMED = /chrome|puppeteer|playwright|browser-?(?:use|automation)/i
const BROWSER = /^(?:chromium|firefox(?:-esr)?)$/

export function lacksBrowser({ recipe, lock }: Tool): boolean {
  if (recipe.systemPackages.some((each) => BROWSER.test(each))) return false
  if (recipe.runtime === 'node') {
    const names =
      lock
        .get('package-lock.json')
        ?.toString()
        .match(/(?<=")node_modules\/[^"]+(?=": ?\{)/g) ?? []
    return (
      NAMED.test(recipe.package) ||
      names.some((name) => DRIVERS.test(name.split('node_modules/').at(-1) ?? ''))
    )
  }
  if (recipe.runtime !== 'python') return false
  const names =
    lock
      .get('requirements.txt')
      ?.toString()
      .match(/^[\w.-]+(?===)/gm) ?? []
  return names.some((name) => DRIVERS.test(name))
}
