// scripts/server-json: the entry of the MCP registry, from package.json alone: name and version cannot differ.

/** The revision of the format that the entry is written in. */
const SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'

/** The registry's limit. */
const MAX_DESCRIPTION = 100

/**
 * Of a package.json that has its address (see address.mjs).
 *
 * @throws Error if it has none, or says more than the registry takes
 */
export function serverJson({ name, version, description, mcpName, repository }) {
  if (mcpName === undefined || repository === undefined)
    throw new Error('package.json has no mcpName: release.mjs address OWNER/REPOSITORY writes it')
  if (description.length > MAX_DESCRIPTION)
    throw new Error(
      `package.json: the registry takes a description of ${MAX_DESCRIPTION} characters, this one has ${description.length}`,
    )
  return {
    $schema: SCHEMA,
    name: mcpName,
    title: name,
    description,
    repository: {
      url: repository.url.replace(/^git\+/, '').replace(/\.git$/, ''),
      source: 'github',
      subfolder: repository.directory,
    },
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        runtimeHint: 'npx',
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:{--port}/mcp' },
        packageArguments: [
          {
            type: 'named',
            name: '--port',
            description: 'Where it listens',
            format: 'number',
            default: '8000',
          },
          { type: 'positional', value: '--' },
          {
            type: 'positional',
            valueHint: 'command',
            description: 'The command of the stdio tool, and its arguments: a word each',
            isRequired: true,
            isRepeated: true,
          },
        ],
      },
    ],
  }
}
