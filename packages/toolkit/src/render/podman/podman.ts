// render/podman/podman: a recipe → units for systemd, and a pod for `podman kube play`.
import type { Recipe } from '../../recipe/schema.ts'
import { examples } from '../asked.ts'
import { kustomization } from '../kubernetes/kustomization.ts'
import { documents } from '../kubernetes/kubernetes.ts'
import { serviceName } from '../names.ts'
import { podmanPod } from './pod.ts'
import { containerUnit, networkUnit } from './quadlet.ts'
import { readme } from './readme.ts'

const FOLDER = 'podman'
const MADE = '# Made by mcp-bridge from recipe.yaml: what is yours goes into a drop-in. See README.md.\n'

/** By path. No secret is in any of them. */
export function renderPodman(recipe: Recipe, image: string): [string, string][] {
  const name = serviceName(recipe)
  const made: [string, string][] = [
    [`${name}.container`, containerUnit(recipe, image)],
    [`${name}.network`, networkUnit(recipe)],
    ['pod.yaml', documents(podmanPod(recipe, image))],
    ['kustomization.yaml', documents([kustomization(recipe, ['pod.yaml'])])],
  ]
  return [
    ...made.map(([file, text]): [string, string] => [`${FOLDER}/${file}`, `${MADE}${text}`]),
    ...examples(recipe, FOLDER),
    [`${FOLDER}/README.md`, readme(recipe, image)],
  ]
}
