// scripts/changelog: the sections of CHANGELOG.md, in the form of keepachangelog.com.

/** `## [1.2.3] - 2026-01-31`, and what follows it up to the next of its kind. */
const HEADING = /^## \[(?<name>[^\]]+)\](?: - (?<date>.+))?$/

/**
 * What is new in a version, without the heading.
 *
 * @throws Error that says what to write, if there is no such section, no date in its heading, or nothing in it
 */
export function sectionOf(text, version) {
  const lines = text.split('\n')
  const headings = lines.flatMap((line, at) => {
    const groups = HEADING.exec(line)?.groups
    return groups === undefined ? [] : [{ ...groups, at }]
  })
  const own = headings.findIndex(({ name }) => name === version)
  if (own === -1) {
    const known = headings.map(({ name }) => name).join(', ') || 'none'
    throw new Error(
      `CHANGELOG.md has no section for ${version} (it has: ${known}): rename "## [Unreleased]" to "## [${version}] - YYYY-MM-DD", and put an empty "## [Unreleased]" above it`,
    )
  }
  const { date, at } = headings[own]
  if (!isDate(date))
    throw new Error(`CHANGELOG.md: "${lines[at]}" has no date: "## [${version}] - YYYY-MM-DD"`)
  const body = lines
    .slice(at + 1, headings[own + 1]?.at)
    .filter((line) => !/^\[[^\]]+\]: /.test(line))
    .join('\n')
    .trim()
  if (!/^- /m.test(body))
    throw new Error(`CHANGELOG.md says nothing about ${version}: a release has at least one line`)
  return body
}

function isDate(text = '') {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
}
