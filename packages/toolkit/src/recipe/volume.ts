// recipe/volume: names of volumes: the last part of the path, or all of it where two have the same last part.

/** By path. Undefined if two names would still be equal: the two volumes would share their data. */
export function volumeLabels(paths: readonly string[]): Map<string, string> | undefined {
  const last = paths.map((path) => label(path.split('/').at(-1) ?? ''))
  const labels = paths.map((path, i) => {
    const name = last[i] ?? ''
    return last.indexOf(name) === last.lastIndexOf(name) ? name : label(path)
  })
  return new Set(labels).size === paths.length
    ? new Map(paths.map((path, i) => [path, labels[i] ?? '']))
    : undefined
}

function label(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
}
