// render/kubernetes/availability: how many replicas there are, and how many may be missing.
import type { Recipe } from '../../recipe/schema.ts'
import { serviceName } from '../names.ts'
import { labels, selector } from './names.ts'

/** One at a time. With `minAvailable: 1` a single replica could never be moved, and no node of it be drained. */
export function disruptionBudget(recipe: Recipe): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: serviceName(recipe), labels: labels(recipe) },
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: selector(recipe) },
  }
}

/** By the processor time that is used, whatever was reserved. It is slow to take replicas away: with one go its sessions. */
export function autoscaler(recipe: Recipe): object {
  const used = `${Math.round(recipe.resources.cpus * 700)}m`
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: serviceName(recipe), labels: labels(recipe) },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: serviceName(recipe) },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: used } } },
      ],
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 900,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }],
        },
      },
    },
  }
}
