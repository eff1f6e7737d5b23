// recipe/secret-check: refuses a recipe that would put a secret into its image, where everybody who has the image finds it.
import { ToolkitError } from '../errors.ts'
import { holdsSecret, isNamedSecret, secretArguments } from '@mcp-bridge/client-file'
import type { Recipe } from './schema.ts'

/** Called where an image is made, not where a recipe is read: an older recipe must still be listed and removed. @throws ToolkitError */
export function refuseSecrets({ name, args, login, environment }: Recipe): void {
  const [found] = [args, login?.args ?? []].flatMap(secretArguments)
  if (found !== undefined)
    throw new ToolkitError(
      `${name}: a secret stands in its arguments (${found.where}): it would be in the image`,
      {
        hint: 'take it out, and name the variable from which the tool reads it below secrets: docs/IMAGES.md',
      },
    )
  const variable = environment.find(
    ({ name: each, default: value = '' }) => isNamedSecret(each, value) || holdsSecret(value),
  )
  if (variable !== undefined)
    throw new ToolkitError(
      `${name}: ${variable.name} has a secret as its default: it would be in the image`,
      {
        hint: 'put the name below secrets',
      },
    )
}
