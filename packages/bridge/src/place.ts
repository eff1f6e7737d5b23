// place: whether this is the bridge in an image of `mcp-bridge image`: what an operator can do is another thing there.

/** Its launcher: packages/toolkit/base/mcp-bridge. */
export const isImage = process.argv[1] === '/opt/mcp-bridge/bin/mcp-bridge'
