// cli/build: `mcp-bridge image build`: from a source or a recipe to an image whose tool was asked once.
import { ensureBase, type Assets } from '../build/base.ts'
import { buildImage, inspectImage } from '../build/build.ts'
import { changesText, compareTools } from '../build/compare.ts'
import { checkImage, type Checked } from '../build/check.ts'
import { lacking } from '../build/lacking.ts'
import { ToolkitError } from '../errors.ts'
import { writeFiles } from '../files.ts'
import { findTool, type Draft } from '../recipe/find.ts'
import { baseImage } from '../render/layout.ts'
import { render } from '../render/render.ts'
import type { Overrides } from '../resolve/scaffold.ts'
import { acceptTools } from './accept-tools.ts'
import { progressOf, type Common, type Io } from './image.ts'
import { json, megabytes } from './text.ts'
import { askedFor, runLines } from './variables.ts'

export interface BuildCommand extends Common {
  tag?: string
  check: boolean
  /** What its tools say of themselves is accepted. */
  acceptTools: boolean
}

/** Tools that are named; the others are counted. */
const NAMED = 8

/** @throws ToolkitError also if it is built, but no stdio server as it is called, or its tools are not as they were accepted */
export async function build(
  text: string,
  overrides: Overrides,
  common: BuildCommand,
  assets: Assets,
  io: Io,
): Promise<void> {
  const started = Date.now()
  const found = await findTool(text, assets, overrides)
  const { recipe } = found
  const rendered = (tool: Draft) => render(tool, { bridgeVersion: assets.version, bases: assets.bases })
  if (common.dryRun) {
    const tag = common.tag ?? rendered(found).tag
    const base = baseImage(assets.version)
    return io.out(
      common.format === 'json' ? json({ tag, base, isDryRun: true }) : `would build ${base}, then ${tag}\n`,
    )
  }
  const options = { ca: common.ca, progress: progressOf(common, io) }
  const base = await ensureBase(assets, options)
  const tool = common.acceptTools ? await acceptTools(text, found, options, assets, io) : found
  const { tag: exact, files } = rendered(tool)
  const tag = common.tag ?? exact
  if (common.output !== undefined) writeFiles(common.output, files)
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
  // One that does not start without its variables cannot be asked; the bridge in the image compares all the same.
  const isAsked = checked?.ok === true && tool.toolsLock !== undefined && !common.acceptTools
  const toolChanges = isAsked
    ? (await compareTools({ tag, recipe }, assets.bundle, tool.toolsLock)).changes
    : []
  const notes = lacking(tool)
  if (common.format === 'json')
    io.out(json({ ...report, variables: askedFor(recipe), check: checked, toolChanges, notes }))
  else {
    const hint = report.args.length > 0 ? `its documents start it with: -- ${report.args.join(' ')}\n` : ''
    const seconds = Math.round(report.durationMs / 1000)
    io.out(`${tag}  ${megabytes(report.sizeBytes)}  ${seconds} s\n`)
    if (checked !== undefined) io.out(said(checked))
    io.out(changesText(toolChanges))
    io.out(notes.map((note) => `note: ${note}\n`).join('') + hint + runLines(tag, recipe))
  }
  if (checked?.ok === false && !checked.isForItsPlace)
    throw new ToolkitError(`${tag} is built, but its tool does not start as it is called`, {
      hint: common.format === 'json' ? 'see check.text' : 'see above; --no-check builds it all the same',
    })
  if (toolChanges.length > 0)
    throw new ToolkitError(`${tag} is built, but its tools are not as they were accepted: it refuses them`, {
      hint: 'look at the difference; --accept-tools takes it',
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
