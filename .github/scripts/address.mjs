// scripts/address: where the package lives, written into its package.json by the release, which knows it: a copy of this repository
// publishes under its own address, and names no other.

/** A key stands before the one that it is written in front of. */
const BEFORE = 'bin'

/**
 * The package.json with repository, homepage, bugs and mcpName. npm's provenance asks for the first, the MCP registry for the last.
 *
 * @param address owner/name, as GitHub has it
 * @throws Error if the address is none, or the package already names another
 */
export function addressed(manifest, address, directory) {
  if (!/^[\w.-]+\/[\w.-]+$/.test(address ?? ''))
    throw new Error(`"${address}" is no address of a repository: OWNER/NAME is wanted`)
  const [owner] = address.split('/')
  const page = `https://github.com/${address}`
  const added = {
    homepage: `${page}#readme`,
    bugs: { url: `${page}/issues` },
    repository: { type: 'git', url: `git+${page}.git`, directory },
    // Case counts there: it is that of the account.
    mcpName: `io.github.${owner}/${manifest.name}`,
  }
  for (const [key, value] of Object.entries(added)) {
    const known = manifest[key]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value))
      throw new Error(
        `package.json has another ${key} than ${address}: ${JSON.stringify(known)}; take it out, the release writes it`,
      )
  }
  return Object.fromEntries(
    Object.entries(manifest)
      .filter(([key]) => !(key in added))
      .flatMap(([key, value]) =>
        key === BEFORE ? [...Object.entries(added), [key, value]] : [[key, value]],
      ),
  )
}
