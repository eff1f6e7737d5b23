// render/kubernetes/stateful-set: replicas with names that stay, of which there are never two at once with one name.
import type { Recipe } from '../../recipe/schema.ts'
import { asked } from '../asked.ts'
import { serviceName } from '../names.ts'
import { headlessService, labels, selector, settingsMap, volumeNames } from './names.ts'
import { claim, podSpec } from './pod.ts'

export function statefulSet(recipe: Recipe, image: string): object {
  const { settings } = asked(recipe)
  const claims = [...volumeNames(recipe).values()].map((name) => {
    return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: claim() }
  })
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: serviceName(recipe), labels: labels(recipe) },
    spec: {
      serviceName: headlessService(recipe),
      replicas: 1,
      // One replica that does not become ready keeps no other from starting.
      podManagementPolicy: 'Parallel',
      selector: selector(recipe),
      template: {
        metadata: { labels: labels(recipe) },
        spec: podSpec(recipe, {
          image,
          container: {
            ...(settings === undefined ? {} : { envFrom: [{ configMapRef: { name: settingsMap(recipe) } }] }),
            ...probes(),
          },
          lasting: [],
        }),
      },
      ...(claims.length === 0 ? {} : { volumeClaimTemplates: claims }),
    },
  }
}

/**
 * Only a bridge that does not answer is started again. A tool that does not start is not ready: the bridge says why in its log,
 * and tries again by itself, and a new pod would mend nothing.
 */
function probes(): object {
  return {
    startupProbe: { ...get('/healthz'), periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { ...get('/readyz'), periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...get('/healthz'), periodSeconds: 15, failureThreshold: 4 },
  }
}

function get(path: string): object {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 5 }
}
