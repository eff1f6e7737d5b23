// cli/build: `mcp-bridge image build`: from a source or a recipe to an image whose tool was asked once.
import { ensureBase, type Assets } from '../build/base.ts'
import { buildImage, inspectImage } from '../build/build.ts'
import { checkImage, type Checked } from '../build/check.ts'
import { lacking } from '../build/lacking.ts'
import { ToolkitError } from '../errors.ts'
import { writeFiles } from '../files.ts'
import { findTool } from '../recipe/find.ts'
import { baseImage } from '../render/layout.ts'
import { render } from '../render/render.ts'
import type { Overrides } from '../resolve/scaffold.ts'
import { progressOf, type Common, type Io } from './image.ts'
import { json, megabytes } from './text.ts'
import { askedFor, runLines } from './variables.ts'

export interface BuildCommand extends Common {
  tag?: string
  check: boolean
}

/** Tools that are named; the others are counted. */
const NAMED = 8

/** @throws ToolkitError also if it is built, but no stdio server as it is called */
export async function build(
  text: string,
  overrides: Overrides,
  common: BuildCommand,
  assets: Assets,
  io: Io,
): Promise<void> {
  const started = Date.now()
  const tool = await findTool(text, assets, overrides)
  const { recipe } = tool
  const { tag: exact, files } = render(tool, { bridgeVersion: assets.version, bases: assets.bases })
  const tag = common.tag ?? exact
  if (common.dryRun) {
    const base = baseImage(assets.version)
    return io.out(
      common.format === 'json' ? json({ tag, base, isDryRun: true }) : `would build ${base}, then ${tag}\n`,
    )
  }
  if (common.output !== undefined) writeFiles(common.output, files)
  const options = { ca: common.ca, progress: progressOf(common, io) }
  const base = await ensureBase(assets, options)
  await buildImage({ ...options, tag, files })
  const image = await inspectImage(tag)
  const report = {
    tag,
    base: base.tag,
    id: image?.id,
    sizeBytes: image?.sizeBytes ?? 0,
    durationMs: Date.now() - started,
    /** That the person has not given. */
    args: recipe.args.length === 0 ? (tool.namedArguments ?? []) : [],
  }
  const checked = common.check ? await checkImage(tag, recipe) : undefined
  const notes = lacking(tool)
  if (common.format === 'json')
    io.out(json({ ...report, variables: askedFor(recipe), check: checked, notes }))
  else {
    const hint = report.args.length > 0 ? `its documents start it with: -- ${report.args.join(' ')}\n` : ''
    const seconds = Math.round(report.durationMs / 1000)
    io.out(`${tag}  ${megabytes(report.sizeBytes)}  ${seconds} s\n`)
    if (checked !== undefined) io.out(said(checked))
    io.out(notes.map((note) => `note: ${note}\n`).join('') + hint + runLines(tag, recipe))
  }
  if (checked?.ok === false && !checked.isForItsPlace)
    throw new ToolkitError(`${tag} is built, but its tool does not start as it is called`, {
      hint: common.format === 'json' ? 'see check.text' : 'see above; --no-check builds it all the same',
    })
}

function count(tools: number): string {
  return tools === 1 ? '1 tool' : `${tools} tools`
}

function said(checked: Checked): string {
  if (!checked.ok) {
    const why = checked.isForItsPlace ? 'without its variables and a network' : 'as it is called'
    return `asked once, ${why} it does not start:\n${checked.text.replaceAll(/^/gm, '  ')}\n`
  }
  const { name, version, tools, warnings } = checked
  const named = tools.slice(0, NAMED)
  const more = tools.length - named.length
  return [
    `asked once, it answers as ${name} ${version} with ${count(tools.length)}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    ...warnings.map((warning) => `  odd: ${warning}`),
    '',
  ].join('\n')
}
