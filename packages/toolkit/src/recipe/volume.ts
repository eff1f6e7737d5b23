// recipe/volume: what the folders that last are called: by their last part, as far as that tells them apart.

/** Undefined where two would still be the same: no data of one may be found in the other. */
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
