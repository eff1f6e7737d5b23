// cli/main: `mcp-bridge image …` and `mcp-bridge compose …`: argv in, exit code out.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import type { Assets } from '../build/base.ts'
import { readText } from '../files.ts'
import { printableLines } from '../printable.ts'
import { errorText, ToolkitError } from '../errors.ts'
import { trust } from '../exec.ts'
import { packFrom } from '../lock/packager.ts'
import type { Overrides } from '../resolve/scaffold.ts'
import { SOURCE_FORMS } from '../resolve/source.ts'
import { from, type FromOptions } from './compose.ts'
import { build } from './build.ts'
import { basesHere, pin, type PinOptions } from './pin.ts'
import { base, init, list, renderCommand, type Common, type Io } from './image.ts'

const ANY = `${SOURCE_FORMS}, a recipe or a name of the catalogue`

export interface RunOptions {
  /** Its bases are those of the current folder. */
  assets: Omit<Assets, 'bases'>
  io: Io
}

/**
 * @param argv without node and script, from `image` or `compose` on
 * @returns the exit code: 0, 1 if it failed, 2 if the words are wrong
 */
export async function run(
  argv: readonly string[],
  { assets: shipped, io: given }: RunOptions,
): Promise<number> {
  const io: Io = {
    ...given,
    out: (text) => given.out(printableLines(text)),
    err: (text) => given.err(printableLines(text)),
  }
  // Everything after `--` belongs to the tool, also what looks like an option of ours.
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  try {
    const program = create(argv.slice(end + 1), { ...shipped, bases: basesHere() }, io)
    await program.parseAsync(argv.slice(0, end), { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof ToolkitError)) throw error
    io.err(`mcp-bridge: ${errorText(error)}`)
    return 1
  }
}

/** @param dist folder of the npm package that has the bridge in one file, and what the toolkit reads */
export function main(argv: readonly string[], dist: string): Promise<number> {
  const manifest = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8')) as { version: string }
  const toolkit = join(dist, 'toolkit')
  process.stdout.on('error', () => {})
  // Ended like that, it still takes its folders along: see temp.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => process.exit(code))
  return run(argv, {
    assets: {
      catalogue: join(toolkit, 'catalogue'),
      base: join(toolkit, 'base'),
      bundle: join(dist, 'mcp-bridge.bundle.cjs'),
      version: manifest.version,
    },
    io: {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      isTerminal: process.stderr.isTTY,
    },
  })
}

function create(toolArgs: readonly string[], assets: Assets, io: Io): Command {
  const program = new Command('mcp-bridge')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
  program.hook('preAction', (...commands) => {
    trust(authorityOf(commands[1].opts()).ca)
    packFrom(join(assets.base, 'uv.txt'), assets.bases)
  })
  const image = program.command('image').description('Makes images of tools, with the bridge in them')
  image
    .command('list')
    .description('The tools that come with mcp-bridge')
    .addOption(format())
    .action((options: Common) => list(assets, io, options))
  authority(overrides(image.command('init')))
    .description('Writes a recipe and the lock of what it needs; arguments of the tool go behind "--"')
    .argument('<source>', SOURCE_FORMS)
    .option('--relock', 'Make the lock of an existing recipe anew', false)
    .action((text: string, options: Options & { relock: boolean }) =>
      init(text, overridesOf(options, toolArgs), options, assets, io),
    )
  authority(overrides(image.command('render')))
    .description('Writes Dockerfile, Compose service, LiteLLM entry and bake file')
    .argument('<tool>', ANY)
    .option('--kubernetes', 'Manifests for Kubernetes too', false)
    .option('--podman', 'Units for systemd, and a pod, for Podman too', false)
    .action((text: string, options: Options) =>
      renderCommand(text, overridesOf(options, toolArgs), options, assets, io),
    )
  authority(overrides(image.command('build')))
    .description('Builds the image in the Docker engine')
    .argument('<tool>', ANY)
    .option('--tag <name>', 'Another name for the image')
    .option('--no-check', 'Do not start it once to ask for its tools')
    .option(
      '--accept-tools',
      'Write what its tools say into tools.lock.json beside the recipe: the image refuses what differs',
      false,
    )
    .action((text: string, options: Options & { tag?: string; check: boolean; acceptTools: boolean }) =>
      build(text, overridesOf(options, toolArgs), { ...options, ...authorityOf(options) }, assets, io),
    )
  authority(common(image.command('base')))
    .description('Builds the image that all others stand on; with --output writes its files instead')
    .action((options: Options) => base({ ...options, ...authorityOf(options) }, assets, io))
  authority(image.command('pin'))
    .description(
      'Writes into base-images.yaml which digest each base image is today; builds of this folder use these',
    )
    .argument('[image...]', 'Only these, such as node:24-trixie-slim; what the file does not have is added')
    .option('--check', 'Change nothing; fail if one is not today’s', false)
    .addOption(format())
    .action((tags: string[], options: PinOptions) => pin(tags, options, io))
  const compose = program.command('compose').description('Makes a stack of several tools')
  authority(common(compose.command('from')))
    .description('Wraps the tools in the configuration of an MCP client')
    .argument(
      '<file>',
      'claude_desktop_config.json, .mcp.json, .vscode/mcp.json, ~/.codex/config.toml and others',
    )
    .option('--bind <address>', 'Where the stack listens: 127.0.0.1, or what .env says')
    .option('--port <number>', 'The port there: what .env says, or the first free one from 8808 on')
    .action((path: string, options: FromOptions) => from(path, options, assets, io))
  return program
}

type Options = Common & Record<string, unknown>

function common(command: Command): Command {
  return command
    .option('--output <folder>', 'Where to write')
    .option('--dry-run', 'Show what would be written, and write nothing', false)
    .addOption(format())
}

function format(): Option {
  return new Option('--format <format>', 'What to print').choices(['table', 'json']).default('table')
}

function authority(command: Command): Command {
  return command.option(
    '--ca <file>',
    'Certificates of a site that has its own CA; never in the image [BUILD_CA]',
  )
}

/** @throws ToolkitError for a file that cannot be read: the build would fail later, and say less */
function authorityOf({ ca = process.env['BUILD_CA'] }: Common): { ca?: string } {
  if (ca === undefined || ca === '') return {}
  readText(ca, { hint: 'name a PEM file with --ca or BUILD_CA' })
  return { ca }
}

function overrides(command: Command): Command {
  return common(command)
    .option('--name <name>', 'What to call the tool')
    .option('--entry <program>', 'Which of several programs of the package')
    .option('--with <requirement>', 'A further Python package, or a bound: mcp<2 *', each)
    .option('--override <requirement>', 'A bound that replaces that of the packages *', each)
    .option('--env <NAME>', 'A variable the tool reads *', each)
    .option('--secret <NAME>', 'A secret the tool reads *', each)
    .option('--volume <path>', 'A folder that must last *', each)
    .option('--system-package <name>', 'A Debian package that it needs, such as chromium *', each)
    .addOption(new Option('--network <network>', 'Whether it may go out').choices(['none', 'open']))
    .addOption(new Option('--children <mode>', 'Who shares a process').choices(['session', 'shared', 'pool']))
    .option('--allow-scripts', 'Let packages run code at build', false)
}

/** An option that may be repeated. */
function each(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function overridesOf(options: Record<string, unknown>, args: readonly string[]): Overrides {
  const { name, entry, network, children, env, secret, volume, systemPackage, override, allowScripts } =
    options
  return {
    name,
    entry,
    network,
    children,
    override,
    allowScripts,
    args,
    with: options['with'],
    environment: env,
    secrets: secret,
    volumes: volume,
    systemPackages: systemPackage,
  } as Overrides
}
