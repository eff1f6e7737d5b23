import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { sampleRecipe } from '../../recipe/sample.test-data.ts'
import { renderPodman } from '../podman/podman.ts'
import { renderKubernetes } from './kubernetes.ts'

interface Container {
  env: { name: string; value: string }[]
  envFrom?: object[]
  volumeMounts: { name: string; mountPath: string }[]
  lifecycle: { preStop: { sleep: { seconds: number } } }
}
interface Pod {
  terminationGracePeriodSeconds: number
  containers: [Container]
  volumes: { name: string }[]
}
interface StatefulSet {
  spec: { template: { spec: Pod }; volumeClaimTemplates?: { metadata: { name: string } }[] }
}

function rendered(changes: Record<string, unknown> = {}): Map<string, string> {
  const files = renderKubernetes(sampleRecipe(changes), 'mcp-sample:1.2.3')
  return new Map(files.map(([path, text]) => [path.replace('kubernetes/', ''), text]))
}

const podOf = (changes: Record<string, unknown> = {}): Pod =>
  (parse(rendered(changes).get('statefulset.yaml') ?? '') as StatefulSet).spec.template.spec

test('a pod has what the restricted profile asks for, and no way to the cluster', () => {
  expect(podOf()).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { limits: { cpu: '1', memory: '1024Mi' } },
      },
    ],
  })
  const text = [...rendered().values()].join('')
  expect(text).not.toMatch(/hostNetwork|hostPath|hostPort|privileged|capabilities:\n *add|hostPID|hostIPC/)
})

test('a pod has the time that the bridge takes to let calls finish', () => {
  const { terminationGracePeriodSeconds, containers } = podOf()
  const [{ env, lifecycle }] = containers
  const drain = Number.parseInt(env.find(({ name }) => name === 'MCP_BRIDGE_DRAIN')?.value ?? '', 10)
  expect(drain).toBeGreaterThan(0)
  // Each process of the tool has some seconds to end by itself behind that.
  expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(lifecycle.preStop.sleep.seconds + drain + 10)
})

test.for([
  ['none', []],
  [
    'open',
    [
      expect.objectContaining({ ports: expect.anything() }),
      expect.objectContaining({ to: expect.anything() }),
    ],
  ],
] as const)('network %s: one port in, and out what the recipe says', ([network, egress]) => {
  const policy = parse(rendered({ network }).get('networkpolicy.yaml') ?? '') as object
  expect(policy).toMatchObject({
    spec: {
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { 'mcp-sample-client': 'true' } } }],
          ports: [{ port: 8000 }],
        },
      ],
      egress,
    },
  })
})

test('what is secret is named, and comes from files that a person writes', () => {
  const secrets = [
    { name: 'API_TOKEN', description: 'The token' },
    { name: 'CERTIFICATE', description: 'A file', file: true },
  ]
  const files = rendered({ secrets })
  expect([...files.keys()].filter((path) => path.startsWith('secrets/'))).toEqual([
    'secrets/mcp-sample.env.example',
  ])
  const { secretGenerator, configMapGenerator } = parse(files.get('kustomization.yaml') ?? '') as Record<
    string,
    object
  >
  expect(secretGenerator).toMatchObject([
    // Its name stays, so that new tokens reach a running pod.
    {
      name: 'mcp-sample-tokens',
      files: ['tokens=secrets/mcp-sample.tokens'],
      options: { disableNameSuffixHash: true },
    },
    {
      name: 'mcp-sample-secrets',
      files: ['env=secrets/mcp-sample.env', 'mcp-sample-certificate=secrets/mcp-sample-certificate'],
    },
  ])
  expect(configMapGenerator).toMatchObject([{ name: 'mcp-sample-settings', envs: ['settings.env'] }])
  expect(files.get('settings.env.example')).toBe('# Where\n# REGION=eu\n')
  const [{ env, volumeMounts }] = podOf({ secrets }).containers
  expect(env).toContainEqual({ name: 'CERTIFICATE', value: '/etc/mcp-bridge/secrets/mcp-sample-certificate' })
  expect(env.map(({ name }) => name)).not.toContain('API_TOKEN')
  // A file that is mounted alone never changes again.
  expect(JSON.stringify(volumeMounts)).not.toContain('subPath')
})

test('a required setting is a line to fill in', () => {
  const environment = [{ name: 'URL', description: 'Where', required: true }]
  expect(rendered({ environment }).get('settings.env.example')).toBe('# Where (required)\nURL=\n')
  expect(rendered({ environment: [] }).has('settings.env.example')).toBe(false)
})

test('volumes last, each under a name that Kubernetes takes', () => {
  const long = `/srv/${'a'.repeat(80)}`
  const volumes = ['/data', '/srv/tmp', long].map((path) => ({ path, description: 'x' }))
  const set = parse(rendered({ volumes }).get('statefulset.yaml') ?? '') as StatefulSet
  expect(set.spec.volumeClaimTemplates?.map(({ metadata }) => metadata.name)).toEqual([
    'volume-data',
    'volume-tmp',
    'volume-2',
  ])
  const [{ volumeMounts }] = set.spec.template.spec.containers
  expect(volumeMounts).toContainEqual({ name: 'volume-2', mountPath: long })
  const names = [...set.spec.template.spec.volumes, ...volumeMounts].map(({ name }) => name)
  expect(names.filter((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))).toEqual([])
})

test('only a tool that keeps nothing may have several replicas, which find each other', () => {
  const of = (changes: Record<string, unknown>): string[] =>
    [...rendered(changes).keys()].filter((path) => path.startsWith('replicas/'))
  expect(of({})).toEqual([])
  expect(of({ volumes: [], instances: 'one', children: 'shared' })).toEqual([])
  expect(of({ volumes: [] })).toContain('replicas/horizontalpodautoscaler.yaml')
  const patch = rendered({ volumes: [] }).get('replicas/statefulset.yaml') ?? ''
  const [{ env }] = (parse(patch) as StatefulSet).spec.template.spec.containers
  expect(env).toContainEqual({ name: 'MCP_BRIDGE_REPLICAS', value: 'http://*.mcp-sample-replicas:8000' })
  // Without a way out, they still have to look each other up.
  for (const [network, dns] of [
    ['none', 2],
    ['open', 0],
  ] as const)
    expect(
      rendered({ volumes: [], network })
        .get('replicas/networkpolicy.yaml')
        ?.match(/port: 53/g) ?? [],
    ).toHaveLength(dns)
})

test('Podman gets the same pod, by kinds that it takes', () => {
  const files = new Map(renderPodman(sampleRecipe(), 'mcp-sample:1.2.3'))
  const [claim, pod] = parseAllDocuments(files.get('podman/pod.yaml') ?? '').map(
    (document) => document.toJS() as { kind: string; spec: Pod },
  )
  expect([claim?.kind, pod?.kind]).toEqual(['PersistentVolumeClaim', 'Pod'])
  const { containers } = podOf()
  expect(pod?.spec.containers[0].env).toEqual(containers[0].env)
  expect(pod?.spec.containers[0]).toMatchObject({
    image: 'localhost/mcp-sample:1.2.3',
    imagePullPolicy: 'Never',
  })
  // It would be run with curl, in the container.
  expect(files.get('podman/pod.yaml')).not.toContain('httpGet')
})
