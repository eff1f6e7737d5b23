// render/kubernetes/readme: what a recipe cannot know, beside the manifests.
import type { Recipe } from '../../recipe/schema.ts'
import { asked, preparation } from '../asked.ts'
import { PORT } from '../layout.ts'
import { serviceName } from '../names.ts'
import { tokensSecret, toolSecret, volumeNames } from './names.ts'
import { clientLabel } from './network.ts'
import { canHaveReplicas, KEY_FILE } from './replicas.ts'

export function readme(recipe: Recipe): string {
  const name = serviceName(recipe)
  return `${[
    `# ${recipe.title} in Kubernetes`,
    'Made by `mcp-bridge image render --kubernetes`. For Kubernetes 1.30 or newer, with a network plugin that keeps network policies.',
    block([
      ...preparation(recipe),
      'mkdir -p ../cluster && cat > ../cluster/kustomization.yaml <<END',
      'namespace: tools',
      'resources: [../kubernetes]',
      `images: [{ name: ${name}, newName: registry.example/team/${name} }]  # where your nodes find it`,
      'END',
      'kubectl create namespace tools',
      'kubectl label namespace tools pod-security.kubernetes.io/enforce=restricted',
      'kubectl apply --kustomize ../cluster',
      `kubectl rollout status --namespace tools statefulset/${name}`,
    ]),
    'What is yours goes into `../cluster`, as patches: this folder is written anew with each `render`.',
    `A client in the same namespace needs the label \`${clientLabel(recipe)}: "true"\` and a token, and asks \`http://${name}:${PORT}/mcp\` or \`/sse\`.`,
    'What these files cannot know:',
    `| | is | to change it |\n| - | - | - |\n${rows(recipe)
      .map((row) => `| ${row.join(' | ')} |`)
      .join('\n')}`,
    '**Secrets.** They are made of your files by kustomize, which stops while one is missing; commit none of these files. New tokens are' +
      ' in force a minute or two after `kubectl apply`, without a restart; anything else replaces the pods. Where another program brings' +
      ` secrets, strike \`secretGenerator\` from \`kustomization.yaml\`, and have ${secretKeys(recipe)}.`,
    `**Stopping.** The pod leaves the service, five seconds later the bridge takes nothing new and lets calls in flight finish for \`MCP_BRIDGE_DRAIN\`;` +
      ' `terminationGracePeriodSeconds` is longer than both together, and has to stay so.',
    ...replicas(recipe),
    ...(recipe.login === undefined
      ? []
      : [
          '**Login.** The tool needs a browser once: let it log in on a machine that has one (`docker compose --profile login`, see docs/IMAGES.md), and' +
            ' copy what it has got into the volume (`kubectl cp`).',
        ]),
    '**Not limited here:** the number of processes, which is the `podPidsLimit` of the kubelet' +
      ` (the recipe says ${recipe.resources.pids}).`,
  ].join('\n\n')}\n`
}

function rows(recipe: Recipe): string[][] {
  const { settings } = asked(recipe)
  const volumes = [...volumeNames(recipe)].map(([path, name]) => [
    `size and class of \`${name}\``,
    `1Gi for \`${path}\`, of the default class`,
    '`volumeClaimTemplates`, before the first start',
  ])
  return [
    [
      'who may connect',
      `pods of this namespace with the label`,
      '`ingress` of the network policy, such as a `namespaceSelector` for your ingress',
    ],
    recipe.network === 'none'
      ? ['where the tool may go', 'nowhere', '`egress` of the network policy']
      : [
          'where the tool may go',
          'everywhere but to link-local addresses, where clouds keep credentials',
          '`egress` of the network policy: leave only what the tool needs',
        ],
    ['what is reserved', 'little: the limits are those of the recipe', '`resources.requests`'],
    ...(settings === undefined
      ? []
      : [['settings', 'what the image has', `\`${settings}\`; any option of the bridge goes there too`]]),
    ...volumes,
    ['who the clients are', '`MCP_BRIDGE_COMPAT=litellm`', 'strike it for clients that are not LiteLLM'],
  ]
}

function secretKeys(recipe: Recipe): string {
  const { env, files } = asked(recipe)
  const keys = [...(env === undefined ? [] : ['env']), ...files.map(({ file }) => file)]
  const tokens = `the Secret \`${tokensSecret(recipe)}\` with the key \`tokens\``
  return keys.length === 0
    ? tokens
    : `${tokens}, and \`${toolSecret(recipe)}\` with ${keys.map((key) => `\`${key}\``).join(', ')}`
}

function replicas(recipe: Recipe): string[] {
  if (recipe.instances === 'one')
    return [
      '**One replica.** This tool holds a lock: there may be one, and a StatefulSet never runs two of one name.',
    ]
  if (!canHaveReplicas(recipe))
    return [
      '**One replica.** Each would have volumes of its own, and clients would find other things at each.',
    ]
  return [
    '**Several replicas** (docs/REPLICAS.md of mcp-bridge) are a component. A session stays in the replica that opened it, and what reaches another is passed on.',
    block([
      `(umask 077; openssl rand -base64 32 > replicas/${KEY_FILE})`,
      `echo 'components: [../kubernetes/replicas]' >> ../cluster/kustomization.yaml`,
      'kubectl apply --kustomize ../cluster',
    ]),
    'It has two replicas, and up to five where the metrics server tells how busy they are; `minReplicas` and `maxReplicas` say otherwise.' +
      ' When one goes, so do its sessions: its clients begin anew.' +
      (recipe.network === 'none'
        ? ' The network policy then lets the pods ask DNS, to find each other.'
        : ''),
  ]
}

function block(lines: readonly string[]): string {
  return `\`\`\`sh\n${lines.join('\n')}\n\`\`\``
}
