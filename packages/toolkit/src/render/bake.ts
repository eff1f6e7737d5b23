// render/bake: a recipe → docker-bake.hcl: both architectures, with the list of its parts and where it came from.
import type { Recipe } from '../recipe/schema.ts'
import { baseImage } from './layout.ts'
import { serviceName } from './names.ts'

export function renderBake(recipe: Recipe, tag: string, bridgeVersion: string): string {
  const target = serviceName(recipe)
  // An index does not inherit the labels of its images, and registries look there.
  const annotations =
    recipe.serverName === undefined
      ? []
      : [`  annotations = [${text(`index:io.modelcontextprotocol.server.name=${recipe.serverName}`)}]`]
  return `${[
    `# docker buildx bake: ${target} for amd64 and arm64, with SBOM and provenance. Made by mcp-bridge.`,
    '# In front of the image, with a slash at its end: registry.example/team/',
    'variable "REGISTRY" {',
    '  default = ""',
    '}',
    '',
    'variable "BASE_IMAGE" {',
    `  default = ${text(baseImage(bridgeVersion))}`,
    '}',
    '',
    '# File with the certificates of a site that has its own CA.',
    'variable "CA" {',
    '  default = ""',
    '}',
    '',
    'group "default" {',
    `  targets = [${text(target)}]`,
    '}',
    '',
    `target ${text(target)} {`,
    '  context    = "."',
    '  dockerfile = "Dockerfile"',
    `  tags       = ["\${REGISTRY}${tag}"]`,
    '  args       = { BASE_IMAGE = BASE_IMAGE }',
    '  secret     = CA == "" ? [] : ["type=file,id=ca,src=${CA}"]',
    '  platforms  = ["linux/amd64", "linux/arm64"]',
    '  attest     = ["type=sbom", "type=provenance,mode=max"]',
    ...annotations,
    '}',
  ].join('\n')}\n`
}

function text(value: string): string {
  return JSON.stringify(value)
}
