// render/kubernetes/replicas: several replicas of a tool, as a component that an overlay takes or leaves.
import type { Recipe } from '../../recipe/schema.ts'
import { PORT } from '../layout.ts'
import { serviceName } from '../names.ts'
import { autoscaler } from './availability.ts'
import { headlessService, labels, selector } from './names.ts'
import { DNS } from './network.ts'

export const KEY_FILE = 'replica.key'
const KEY_FOLDER = '/etc/mcp-bridge/replica'

/** What one replica keeps another does not have; and of some there may be only one. */
export function canHaveReplicas({ instances, volumes }: Recipe): boolean {
  return instances !== 'one' && volumes.length === 0
}

/** By path. The replicas find each other by the headless service, and pass on what reaches the wrong one. */
export function replicas(recipe: Recipe): [string, object][] {
  const key = `${serviceName(recipe)}-replica-key`
  return [
    [
      'kustomization.yaml',
      {
        apiVersion: 'kustomize.config.k8s.io/v1alpha1',
        kind: 'Component',
        resources: ['horizontalpodautoscaler.yaml'],
        secretGenerator: [{ name: key, files: [`key=${KEY_FILE}`], options: { labels: labels(recipe) } }],
        patches: [
          { path: 'statefulset.yaml' },
          { path: 'networkpolicy.yaml', target: { kind: 'NetworkPolicy', name: serviceName(recipe) } },
        ],
      },
    ],
    ['horizontalpodautoscaler.yaml', autoscaler(recipe)],
    ['statefulset.yaml', statefulSetPatch(recipe, key)],
    ['networkpolicy.yaml', networkPolicyPatch(recipe)],
  ]
}

function statefulSetPatch(recipe: Recipe, key: string): object {
  const bridge = {
    name: 'bridge',
    env: [
      { name: 'MCP_BRIDGE_REPLICA', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'MCP_BRIDGE_REPLICAS', value: `http://*.${headlessService(recipe)}:${PORT}` },
      { name: 'MCP_BRIDGE_REPLICA_KEY_FILE', value: `${KEY_FOLDER}/key` },
    ],
    volumeMounts: [{ name: 'replica-key', mountPath: KEY_FOLDER, readOnly: true }],
  }
  const volume = { name: 'replica-key', secret: { secretName: key, defaultMode: 0o444 } }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: serviceName(recipe) },
    // How many there are is the autoscaler's from here on.
    spec: { replicas: null, template: { spec: { containers: [bridge], volumes: [volume] } } },
  }
}

/** From one replica to the next, and to the names that tell where it is. */
function networkPolicyPatch(recipe: Recipe): object[] {
  const ports = [{ port: PORT, protocol: 'TCP' }]
  const peers = [{ podSelector: selector(recipe) }]
  return [
    { op: 'add', path: '/spec/ingress/-', value: { from: peers, ports } },
    { op: 'add', path: '/spec/egress/-', value: { to: peers, ports } },
    ...(recipe.network === 'none' ? [{ op: 'add', path: '/spec/egress/-', value: DNS }] : []),
  ]
}
