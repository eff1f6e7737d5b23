// recipe/fields: the texts that each field of a recipe may hold: none can reach a shell or start a new line in a file.
import * as z from 'zod'

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+)?$/
const PEP440 = /^\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?$/
const COMPARISON = String.raw`(==|<=|>=|<|>|~=|!=)\d+(\.\d+)*((a|b|rc)\d+)?(\.\*)?`

/** Names the image, the service and the files: `postgres-mcp`. */
export const toolName = () =>
  text(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 40, 'write small letters, digits and single "-"')

/** One line for people. Without quotes, `$`, backslash and backtick, which mean something in the files it goes to. */
export const sentence = () =>
  text(/^[^\p{C}\p{Zl}\p{Zp}"\\$`]+$/u, 200, 'write one line without ", $, ` and backslash')

export const npmName = () =>
  text(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, 214, 'is no name of an npm package')

export const pypiName = () =>
  text(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 100, 'is no name of a Python package')

export const goModule = () => text(path('[a-z0-9][a-z0-9.-]*\\.[a-z]{2,}'), 200, 'is no path of a Go module')

/** A version and nothing that could become another one: no range, no tag. */
export const npmVersion = () => text(SEMVER, 60, 'write one exact version, such as 1.2.3')
export const pypiVersion = () => text(PEP440, 60, 'write one exact version, such as 1.2.3')
export const goVersion = () =>
  text(
    /^v\d+\.\d+\.\d+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+incompatible)?$/,
    80,
    'write one exact version, such as v1.2.3',
  )

/** The version of a binary or an image is only shown. */
export const anyVersion = () => text(/^[0-9A-Za-z][0-9A-Za-z._-]*$/, 60, 'write a version, such as 1.2.3')

/** Image with a tag or a digest; `latest` would be another one tomorrow. */
export const imageName = () =>
  text(
    /^([a-z0-9][a-z0-9.-]*(:\d{1,5})?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*((:(?!latest\b)\w[\w.-]{0,127})(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
    400,
    'write an image with an exact tag or digest, such as tool:1.2.3',
  )

/** A file inside the package: `dist/index.js`. */
export const filePath = () => text(path('[A-Za-z0-9_@~][\\w.@~-]*'), 200, 'is no path of a file in a package')

/** A folder or file in the image: `/data`. */
export const absolutePath = () => text(/^(\/\.?[A-Za-z0-9_@~][\w.@~-]*)+$/, 200, 'write a path such as /data')

/** A command that a Python package declares. */
export const commandName = () => text(/^[A-Za-z0-9_][\w.-]*$/, 100, 'is no name of a command')

/** `mcp<2`: a package and at least one bound. */
export const requirement = () =>
  text(
    new RegExp(
      String.raw`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[a-z0-9]+([,_-][a-z0-9]+)*\])?${COMPARISON}(,${COMPARISON})*$`,
    ),
    200,
    'write a package and its bounds, such as mcp<2',
  )

export const debianPackage = () =>
  text(/^[a-z0-9]([a-z0-9+.-]*[a-z0-9+])$/, 100, 'is no name of a Debian package')

export const variableName = () => text(/^[A-Za-z_][A-Za-z0-9_]*$/, 100, 'write letters, digits and "_"')

/** Goes into ENV, where quotes and `$` mean something, and into Compose's `${NAME:-…}`, which ends at a brace. */
export const variableValue = () =>
  text(/^[A-Za-z0-9 _.,:;/@%+=?&~*()[\]<>|!#^-]*$/, 1000, 'has a character that ENV would not keep')

/** One argument of a program, as it stands: no shell ever sees it. */
export const argument = () =>
  z
    .string()
    .max(2000)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'has a control character')

/** The text of a file or a secret that a test gives: it is written to a file, never rendered. */
export const freeText = () => z.string().max(10_000)

export const url = () => text(/^https:\/\/[\w.-]+(\/[\w.~%@+-]*)*$/, 300, 'write a URL such as https://…')

export const licence = () =>
  text(/^[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*$/, 100, 'write an SPDX expression such as MIT')

/** Reverse domain and name, as the MCP registry has it. */
export const serverName = () =>
  text(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/, 200, 'write a name such as io.github.owner/tool')

/** A tool as MCP clients call it. */
export const mcpToolName = () => text(/^[A-Za-z0-9_./-]+$/, 128, 'is no name of an MCP tool')

function text(pattern: RegExp, max: number, message: string) {
  return z.string().min(1).max(max).regex(pattern, message)
}

/** No segment begins with "." or "-": neither `..` nor an option is possible. */
function path(first: string): RegExp {
  return new RegExp(`^${first}(/[A-Za-z0-9_@~][\\w.@~-]*)*$`)
}
