// render/kubernetes/pod: the pod of a tool, as the restricted profile of Kubernetes' Pod Security Standards wants it.
import type { Recipe } from '../../recipe/schema.ts'
import { asked } from '../asked.ts'
import { PORT, UID } from '../layout.ts'
import { serviceName } from '../names.ts'
import {
  ENV_KEY,
  SECRETS_FOLDER,
  TOKENS_FOLDER,
  TOKENS_KEY,
  tokensSecret,
  toolSecret,
  volumeNames,
} from './names.ts'

type Part = Record<string, unknown>

/** What `/tmp` may hold; it counts as memory. */
const TMP = '256Mi'
/** Until every node has heard that the pod gets no more connections. */
const LEAVE_S = 5
/** How long calls may go on after SIGTERM: longer than by default, since a rollout replaces what is in use. */
const DRAIN_S = 20
/** Behind the drain: sessions are told, and processes are asked to end before they are made to. */
const STOP_S = 15
/**
 * Podman does not give the files to a group, so everybody may read them: everybody in the pod is one user. Without `optional`
 * Podman 4.3 crashes.
 */
const readable = { defaultMode: 0o444, optional: false }

export interface PodParts {
  image: string
  /** Of the container: probes, `envFrom` and what else differs from place to place. */
  container: Part
  /** Volumes that last; those of a StatefulSet come from its own templates. */
  lasting: readonly Part[]
}

export function podSpec(recipe: Recipe, { image, container, lasting }: PodParts): Part {
  const { files, env } = asked(recipe)
  // Podman 4.3 has one volume of this name for all pods.
  const tmp = `${serviceName(recipe)}-tmp`
  const hasSecrets = env !== undefined || files.length > 0
  return {
    // It asks nothing of the cluster.
    automountServiceAccountToken: false,
    // Else the tool would get the addresses of all services of the namespace as variables.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: LEAVE_S + DRAIN_S + STOP_S,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'bridge',
        image,
        ports: [{ name: 'http', containerPort: PORT }],
        env: variables(recipe),
        ...container,
        lifecycle: { preStop: { sleep: { seconds: LEAVE_S } } },
        resources: resources(recipe),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: tmp, mountPath: '/tmp' },
          { name: 'tokens', mountPath: TOKENS_FOLDER, readOnly: true },
          ...(hasSecrets ? [{ name: 'secrets', mountPath: SECRETS_FOLDER, readOnly: true }] : []),
          ...[...volumeNames(recipe)].map(([mountPath, name]) => ({ name, mountPath })),
        ],
      },
    ],
    volumes: [
      { name: tmp, emptyDir: { medium: 'Memory', sizeLimit: TMP } },
      { name: 'tokens', secret: { secretName: tokensSecret(recipe), ...readable } },
      ...(hasSecrets ? [{ name: 'secrets', secret: { secretName: toolSecret(recipe), ...readable } }] : []),
      ...lasting,
    ],
  }
}

/** What each volume asks for; how much it needs, a recipe does not say. */
export function claim(): Part {
  return { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
}

function variables(recipe: Recipe): { name: string; value: string }[] {
  const { files, env } = asked(recipe)
  return [
    ['MCP_BRIDGE_TOKEN_FILE', `${TOKENS_FOLDER}/${TOKENS_KEY}`],
    ['MCP_BRIDGE_COMPAT', 'litellm'],
    ['MCP_BRIDGE_DRAIN', `${DRAIN_S}s`],
    ...(env === undefined ? [] : [['MCP_BRIDGE_ENV_FILE', `${SECRETS_FOLDER}/${ENV_KEY}`]]),
    ...files.map(({ variable, file }) => [variable, `${SECRETS_FOLDER}/${file}`]),
  ].map(([name = '', value = '']) => ({ name, value }))
}

/** The limits are the recipe's. Reserved is less: most tools wait most of the time. */
function resources({ resources: { memory, cpus } }: Recipe): Part {
  const [, amount = '', unit] = /^(\d+)([mg])$/.exec(memory) ?? []
  const mebibytes = Number(amount) * (unit === 'g' ? 1024 : 1)
  return {
    requests: { cpu: '50m', memory: `${Math.min(mebibytes, 128)}Mi` },
    limits: { cpu: String(cpus), memory: `${mebibytes}Mi` },
  }
}
