// rpc/pages: all pages of a list, of which some never end.
import { listOf, textOf, type Members } from './content.ts'

/** A list of more pages than this is taken for one that never ends. */
const MAX_PAGES = 100
const MAX_LIST_BYTES = 32 * 1024 * 1024

/**
 * What stands on all pages of a list. A cursor that is no text, is empty or came before, and a page that came before, are
 * the end.
 *
 * @param kind the member that holds the list: `tools`, `resources` or `prompts`
 * @param ask gets the result of one page; what it throws is thrown here
 * @param first the page that is there already
 */
export async function readPages(
  kind: string,
  ask: (params: { cursor?: string }) => Promise<Members>,
  first?: Members,
): Promise<unknown[]> {
  const items: unknown[] = []
  const cursors = new Set<string>()
  let before: string | undefined
  let bytes = 0
  for (let page = first ?? (await ask({})); ;) {
    const list = listOf(page[kind])
    const text = JSON.stringify(list)
    if (text === before) return items
    for (const item of list) items.push(item)
    before = text
    bytes += text.length
    const cursor = textOf(page['nextCursor'], '')
    if (cursor === '' || cursors.has(cursor) || cursors.size + 1 >= MAX_PAGES || bytes > MAX_LIST_BYTES)
      return items
    cursors.add(cursor)
    page = await ask({ cursor })
  }
}
