// recipe/schema: every field of a recipe, with its limits and defaults.
import * as z from 'zod'
import { volumeLabels } from './volume.ts'
import * as field from './fields.ts'

/** `default` goes into the image; `example` is what tests and the example files give. */
const variable = z.strictObject({
  name: field.variableName(),
  description: field.sentence(),
  required: z.boolean().default(false),
  default: field.variableValue().optional(),
  example: field.variableValue().optional(),
})

/** Never in the image. `file`: the tool wants the path of a file, which then holds the secret. */
const secret = z.strictObject({
  name: field.variableName(),
  description: field.sentence(),
  required: z.boolean().default(true),
  file: z.boolean().default(false),
  example: field.freeText().optional(),
})

const volume = z.strictObject({ path: field.absolutePath(), description: field.sentence() })

/** One call that shows that the tool works: by its answer, or by its refusal if it needs something outside. */
const call = z
  .strictObject({
    /** Run in the container before it. */
    prepare: z.array(field.argument()).max(50).optional(),
    tool: field.mcpToolName(),
    arguments: z.record(z.string(), z.unknown()).default({}),
    expect: z.string().min(1).optional(),
    refusal: z.string().min(1).optional(),
  })
  .refine(({ expect, refusal }) => (expect === undefined) !== (refusal === undefined), {
    error: 'write either what its answer has (expect) or what its refusal says (refusal)',
  })

/** The tool that gets a page of the Internet, and which of its arguments is the address: shows that it has a way out. */
const outside = z.strictObject({ tool: field.mcpToolName(), argument: z.string().min(1) })

const login = z.strictObject({
  /** What the tool is started with, instead of `args`. */
  args: z.array(field.argument()).max(50),
  /** The port of the redirect URL: the browser comes back there. */
  port: z.int().min(1024).max(65_535),
})

const resources = z
  .strictObject({
    memory: z.string().regex(/^[1-9]\d{0,5}[mg]$/, 'write 512m or 2g'),
    cpus: z.number().min(0.1).max(64),
    pids: z.int().min(16).max(32_768),
  })
  .default({ memory: '1g', cpus: 1, pids: 256 })

const shared = {
  name: field.toolName(),
  title: field.sentence(),
  description: field.sentence(),
  source: field.url().optional(),
  license: field.licence().optional(),
  /** Of the MCP registry; the label io.modelcontextprotocol.server.name. */
  serverName: field.serverName().optional(),
  args: z.array(field.argument()).max(50).default([]),
  environment: z.array(variable).max(100).default([]),
  secrets: z.array(secret).max(50).default([]),
  /** What must outlive the container. */
  volumes: z.array(volume).max(20).default([]),
  /** `none`: only an internal network, without a way out. */
  network: z.enum(['none', 'open']),
  children: z.enum(['session', 'shared', 'pool']),
  maxChildren: z.int().min(1).max(1000).default(16),
  /** A tool that holds a lock: no second container, no second process. */
  instances: z.literal('one').optional(),
  /** For a tool that needs a browser once. */
  login: login.optional(),
  resources,
  /** Debian packages in the final image. */
  systemPackages: z.array(field.debianPackage()).max(50).default([]),
  /** Tools that it must offer; it may offer more. */
  tools: z.array(field.mcpToolName()).max(500).default([]),
  call: call.optional(),
  outside: outside.optional(),
}

/** Lets npm run install scripts, and pip build source distributions: code of the packages runs at build. */
const allowScripts = z.boolean().default(false)

const node = z.strictObject({
  ...shared,
  runtime: z.literal('node'),
  package: field.npmName(),
  version: field.npmVersion(),
  /** The file in the package that node runs. */
  entry: field.filePath(),
  allowScripts,
})

const python = z.strictObject({
  ...shared,
  runtime: z.literal('python'),
  package: field.pypiName(),
  version: field.pypiVersion(),
  /** The command that the package declares. */
  entry: field.commandName(),
  /** Further packages and bounds that the lock keeps. */
  with: z.array(field.requirement()).max(50).default([]),
  /** Bounds that replace those of the packages themselves. */
  override: z.array(field.requirement()).max(50).default([]),
  allowScripts,
})

const go = z.strictObject({
  ...shared,
  runtime: z.literal('go'),
  package: field.goModule(),
  version: field.goVersion(),
  /** The package of the program: the module itself, or one below it. */
  entry: field.goModule(),
})

const binary = z.strictObject({
  ...shared,
  runtime: z.literal('binary'),
  version: field.anyVersion(),
  /** A file in `lock/`, for Linux. */
  entry: field.commandName(),
})

const image = z.strictObject({
  ...shared,
  runtime: z.literal('image'),
  package: field.imageName(),
  version: field.anyVersion(),
  /** The program in it. */
  entry: field.absolutePath(),
})

export const recipeSchema = z
  .discriminatedUnion('runtime', [node, python, go, binary, image])
  .superRefine((recipe, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (recipe.instances === 'one' && recipe.children !== 'shared')
      complain('children', 'a tool of which there may be one must be shared')
    const names = [...recipe.environment, ...recipe.secrets].map(({ name }) => name)
    for (const name of names) {
      if (name.startsWith('MCP_BRIDGE_')) complain('environment', `${name} is a variable of the bridge`)
      if (names.indexOf(name) !== names.lastIndexOf(name)) complain('environment', `${name} is there twice`)
    }
    for (const { name, file, required } of recipe.secrets) {
      // The bridge itself has secrets called mcp-x-tokens and mcp-x-env.
      if (file && /^(TOKENS|ENV)$/.test(name))
        complain('secrets', `no file of a secret can be called ${name}`)
      if (file && !required) complain('secrets', `${name} is a file: it must be there, so it is required`)
    }
    if (recipe.call !== undefined && !recipe.tools.includes(recipe.call.tool))
      complain('call', `${recipe.call.tool} is not among the tools`)
    if (recipe.outside !== undefined && recipe.network !== 'open')
      complain('outside', 'needs the network: open')
    if (recipe.runtime === 'go' && !`${recipe.entry}/`.startsWith(`${recipe.package}/`))
      complain('entry', 'is not below the module')
    if (volumeLabels(recipe.volumes.map(({ path }) => path)) === undefined)
      complain('volumes', 'two of them would have one name, and so share what they hold')
    for (const { path } of recipe.volumes) {
      if (/^\/(app|opt\/mcp-bridge|tmp|proc|sys|dev|etc|usr|bin|lib\w*|sbin|run)(\/|$)/.test(path))
        complain('volumes', `${path} belongs to the system or the tool`)
    }
  })

/** Checked and complete. */
export type Recipe = z.output<typeof recipeSchema>
/** As it is written. */
export type RecipeInput = z.input<typeof recipeSchema>
