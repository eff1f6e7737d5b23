// render/kubernetes/kustomization: the list of manifests, and the Secrets and settings that are made of a person's files.
import type { Recipe } from '../../recipe/schema.ts'
import { asked } from '../asked.ts'
import { ENV_KEY, labels, settingsMap, TOKENS_KEY, tokensSecret, toolSecret } from './names.ts'

/** Kustomize refuses to go on while one of the files is missing, and names it. */
export function kustomization(recipe: Recipe, resources: readonly string[]): object {
  const { tokens, env, files, settings } = asked(recipe)
  const parts = [
    ...(env === undefined ? [] : [`${ENV_KEY}=secrets/${env}`]),
    ...files.map(({ file }) => `${file}=secrets/${file}`),
  ]
  const options = { labels: labels(recipe) }
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources,
    secretGenerator: [
      // Its name stays: the bridge reads new tokens within a minute or two, without losing a session.
      {
        name: tokensSecret(recipe),
        files: [`${TOKENS_KEY}=secrets/${tokens}`],
        options: { ...options, disableNameSuffixHash: true },
      },
      // Its name is another one as soon as something in it changes: the pods are replaced.
      ...(parts.length === 0 ? [] : [{ name: toolSecret(recipe), files: parts, options }]),
    ],
    ...(settings === undefined
      ? {}
      : { configMapGenerator: [{ name: settingsMap(recipe), envs: [settings], options }] }),
  }
}
