// status/script: what the page does by itself: it keeps itself up to date, and copies. All of it is there without this, too.

/**
 * What has changed is put in the place of what was: never the whole page, so that what a reader has opened, focused or
 * selected elsewhere stays.
 */
export const SCRIPT = `
'use strict'
document.documentElement.classList.add('scripted')
const EVERY_MS = 2000
const news = document.getElementById('news')
const partsOf = (page) => [...page.querySelectorAll('[data-part]')]
const known = new Map(partsOf(document).map((part) => [part.id, part.outerHTML]))
const namesOf = (page) => partsOf(page).map(({ id }) => id).join()
let etag
let since

function say(text) {
  if (news.textContent !== text) news.textContent = text
}

function ages() {
  for (const time of document.querySelectorAll('time')) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000))
    const [count, unit] = seconds < 90 ? [seconds, 's'] : seconds < 5400 ? [seconds / 60, 'min']
      : seconds < 129600 ? [seconds / 3600, 'h'] : [seconds / 86400, 'd']
    time.title ||= time.textContent
    time.textContent = Math.round(count) + ' ' + unit + ' ago'
  }
}

function put(old, fresh) {
  const opened = [...old.querySelectorAll('details[open]')].map(({ id }) => id)
  const focused = old.contains(document.activeElement) ? document.activeElement.id : ''
  old.replaceWith(document.adoptNode(fresh))
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '')
  if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true })
}

function show(page) {
  if (namesOf(page) !== namesOf(document)) {
    put(document.querySelector('main'), page.querySelector('main'))
    known.clear()
    for (const part of partsOf(document)) known.set(part.id, part.outerHTML)
  } else {
    for (const part of partsOf(page)) {
      const markup = part.outerHTML
      if (known.get(part.id) === markup) continue
      known.set(part.id, markup)
      put(document.getElementById(part.id), part)
    }
  }
  document.title = page.title
  say(page.getElementById('news').textContent)
}

async function refresh() {
  const headers = { accept: 'text/html', ...(etag && { 'if-none-match': etag }) }
  try {
    const answer = await fetch(location.href, { headers, cache: 'no-store' })
    if (answer.status === 401) return location.reload()
    if (answer.status === 200) {
      etag = answer.headers.get('etag')
      show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    } else if (answer.status !== 304) throw new Error(answer.status)
    else if (since !== undefined) etag = undefined
    since = undefined
  } catch {
    since ??= new Date()
    say('The bridge does not answer since ' + since.toLocaleTimeString() + '; what is below is from before.')
  }
  ages()
}

document.addEventListener('click', async ({ target }) => {
  const id = target.dataset?.copy
  if (id === undefined) return
  const source = document.getElementById(id)
  getSelection().selectAllChildren(source)
  // Without TLS, beyond this machine, there is no clipboard: it is selected at least.
  const isCopied = await navigator.clipboard?.writeText(source.textContent).then(() => true, () => false)
  target.textContent = isCopied ? 'Copied' : 'Selected: press Ctrl+C'
})

ages()
setInterval(() => document.hidden || refresh(), EVERY_MS)
document.addEventListener('visibilitychange', () => document.hidden || refresh())
`
