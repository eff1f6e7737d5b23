// render/podman/pod: the same pod for `podman kube play`, which takes no StatefulSet, Service or NetworkPolicy.
import type { Recipe } from '../../recipe/schema.ts'
import { asked } from '../asked.ts'
import { HEALTHCHECK, PORT } from '../layout.ts'
import { serviceName, volumeName } from '../names.ts'
import { labels, settingsMap, volumeNames } from '../kubernetes/names.ts'
import { claim, podSpec } from '../kubernetes/pod.ts'

/** A claim for each volume, of which Podman makes a volume of its own, and the pod. */
export function podmanPod(recipe: Recipe, image: string): object[] {
  const volumes = [...volumeNames(recipe)].map(([path, name]) => ({
    name,
    claimName: volumeName(recipe, path),
  }))
  const claims = volumes.map(({ claimName }) => {
    const metadata = { name: claimName, labels: labels(recipe) }
    return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim() }
  })
  const { settings } = asked(recipe)
  const spec = podSpec(recipe, {
    image: `localhost/${image}`,
    container: {
      imagePullPolicy: 'Never',
      ports: [{ name: 'http', containerPort: PORT, ...onThisMachine(recipe) }],
      ...(settings === undefined ? {} : { envFrom: [{ configMapRef: { name: settingsMap(recipe) } }] }),
      // For `httpGet` Podman runs curl in the container, which has none.
      livenessProbe: {
        exec: { command: HEALTHCHECK.slice(1) },
        initialDelaySeconds: 120,
        periodSeconds: 30,
        timeoutSeconds: 10,
      },
    },
    lasting: volumes.map(({ name, claimName }) => ({ name, persistentVolumeClaim: { claimName } })),
  })
  const metadata = { name: serviceName(recipe), labels: labels(recipe) }
  return [...claims, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Always', ...spec } }]
}

/** No port of an internal network is reached from the machine. */
function onThisMachine({ network }: Recipe): object {
  return network === 'none' ? {} : { hostIP: '127.0.0.1', hostPort: PORT }
}
