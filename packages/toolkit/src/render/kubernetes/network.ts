// render/kubernetes/network: how a tool is reached, who may reach it, and where it may go itself.
import type { Recipe } from '../../recipe/schema.ts'
import { PORT } from '../layout.ts'
import { serviceName } from '../names.ts'
import { headlessService, labels, selector } from './names.ts'

/** Link-local addresses: there a cloud tells who asks what the machine may do. */
const LINK_LOCAL = { v4: '169.254.0.0/16', v6: 'fe80::/10' }

export function services(recipe: Recipe): object[] {
  const service = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: labels(recipe) },
    spec: {
      ...spec,
      selector: selector(recipe).matchLabels,
      ports: [{ name: 'http', port: PORT, targetPort: 'http' }],
    },
  })
  return [
    // A session lives in one replica: a client comes back to the one it was at.
    service(serviceName(recipe), { type: 'ClusterIP', sessionAffinity: 'ClientIP' }),
    // A replica that drains must still be found.
    service(headlessService(recipe), { clusterIP: 'None', publishNotReadyAddresses: true }),
  ]
}

/** The label that lets a pod of the same namespace in. */
export function clientLabel(recipe: Recipe): string {
  return `${serviceName(recipe)}-client`
}

/** `none`: nowhere, not even to DNS. `open`: everywhere but to link-local addresses. */
export function networkPolicy(recipe: Recipe): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: serviceName(recipe), labels: labels(recipe) },
    spec: {
      podSelector: selector(recipe),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { [clientLabel(recipe)]: 'true' } } }],
          ports: [{ port: PORT, protocol: 'TCP' }],
        },
      ],
      egress: recipe.network === 'none' ? [] : wayOut(),
    },
  }
}

/** Wherever it is: a cache on the node has a link-local address. */
export const DNS = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
}

function wayOut(): object[] {
  const to = [
    { ipBlock: { cidr: '0.0.0.0/0', except: [LINK_LOCAL.v4] } },
    { ipBlock: { cidr: '::/0', except: [LINK_LOCAL.v6] } },
  ]
  return [DNS, { to }]
}
