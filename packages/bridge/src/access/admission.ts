// access/admission: whether this bridge answers such a request at all, whoever is calling.
import type { Gate } from './gate.ts'
import { hostGate, type HostPolicy } from './host.ts'
import { originCheck, originGate, type OriginPolicy } from './origin.ts'

export type AdmissionPolicy = HostPolicy & OriginPolicy

export function admission(policy: AdmissionPolicy): Gate {
  const host = hostGate(policy)
  const origin = originGate(originCheck(policy))
  return (req) => {
    host?.(req)
    origin(req)
  }
}
