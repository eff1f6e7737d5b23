// render/kubernetes/kubernetes: a recipe → a folder that `kubectl apply --kustomize` takes.
import { stringify } from 'yaml'
import type { Recipe } from '../../recipe/schema.ts'
import { examples } from '../asked.ts'
import { disruptionBudget } from './availability.ts'
import { kustomization } from './kustomization.ts'
import { networkPolicy, services } from './network.ts'
import { readme } from './readme.ts'
import { canHaveReplicas, replicas } from './replicas.ts'
import { statefulSet } from './stateful-set.ts'

const MADE = '# Made by mcp-bridge from recipe.yaml: what is yours goes into an overlay. See README.md.\n'
const FOLDER = 'kubernetes'

/** By path. No secret is in any of them. */
export function renderKubernetes(recipe: Recipe, image: string): [string, string][] {
  const manifests: [string, readonly object[]][] = [
    ['statefulset.yaml', [statefulSet(recipe, image)]],
    ['service.yaml', services(recipe)],
    ['networkpolicy.yaml', [networkPolicy(recipe)]],
    ['poddisruptionbudget.yaml', [disruptionBudget(recipe)]],
  ]
  const list = kustomization(
    recipe,
    manifests.map(([name]) => name),
  )
  const several = canHaveReplicas(recipe) ? replicas(recipe) : []
  return [
    ['kustomization.yaml', [list]] as const,
    ...manifests,
    ...several.map(([name, object]) => [`replicas/${name}`, [object]] as const),
  ]
    .map(([name, objects]): [string, string] => [`${FOLDER}/${name}`, `${MADE}${documents(objects)}`])
    .concat(examples(recipe, FOLDER), [[`${FOLDER}/README.md`, readme(recipe)]])
}

export function documents(objects: readonly object[]): string {
  // Kubernetes reads YAML 1.1: a bare `no` would be false. An object that stands twice is written twice.
  return objects
    .map((each) => stringify(each, { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false }))
    .join('---\n')
}
