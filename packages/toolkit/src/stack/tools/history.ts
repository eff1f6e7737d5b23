// tools/history: what a tool was before each of its last updates, so that `./tools rollback` has somewhere to go.
import { ToolkitError } from '../../errors.ts'
import { parseComposeFile } from '../compose-file.ts'
import type { Folder } from '../folder.ts'

/** Steps back that are kept; an older one is forgotten, and `./tools prune` takes its image. */
const KEPT = 5
const ADDED = 'added'
const PREVIOUS = '.previous'
/** Instead of a Compose file: the tool was as docker-compose.yml has it. */
const MARK = 'as-in-docker-compose.yml'

/** The path in the stack's folder of what is kept for a tool. */
export function historyOf(service: string): string[] {
  return [ADDED, PREVIOUS, service]
}

/** Folders of the steps, the latest first. */
export function stepsBack(folder: Folder, service: string): string[][] {
  return folder
    .list(...historyOf(service))
    .filter((name) => /^\d+$/.test(name))
    .toSorted((one, other) => Number(other) - Number(one))
    .map((name) => [...historyOf(service), name])
}

/** Keeps the present state of a tool as a step; of one that is as docker-compose.yml has it, a mark that says so. */
export function keepStep(folder: Folder, service: string): void {
  const steps = stepsBack(folder, service)
  const last = Number(steps[0]?.at(-1) ?? 0)
  const step = [...historyOf(service), String(last + 1)]
  if (folder.has(ADDED, service)) folder.copy([ADDED, service], step)
  else folder.write('', ...step, MARK)
  for (const old of steps.slice(KEPT - 1)) folder.remove(...old)
}

/** The files of the latest step, by path; undefined if the tool was as docker-compose.yml has it. @throws ToolkitError if there is none */
export function latestStep(folder: Folder, service: string): Map<string, Buffer> | undefined {
  const [latest] = stepsBack(folder, service)
  if (latest === undefined)
    throw new ToolkitError(`there is nothing that ${service} could go back to: it was not updated here`)
  if (folder.has(...latest, MARK)) return undefined
  const files = folder.within(...latest).filter((path) => folder.isFile(...latest, path))
  return new Map(files.map((path) => [path, folder.bytes(...latest, path)]))
}

export function forgetLatestStep(folder: Folder, service: string): void {
  const [latest, ...others] = stepsBack(folder, service)
  folder.remove(...(others.length === 0 ? historyOf(service) : (latest ?? [])))
}

/** Images that the Compose files of all added tools name, of the present ones and of all steps back. */
export function imagesIn(folder: Folder): string[] {
  const services = folder.list(ADDED).filter((name) => name !== PREVIOUS)
  const kept = folder.list(ADDED, PREVIOUS)
  const places = [
    ...services.map((service) => [ADDED, service]),
    ...kept.flatMap((service) => stepsBack(folder, service)),
  ]
  return places.flatMap((place) => {
    const { services } = parseComposeFile(folder.read(...place, 'compose.yaml'))
    return Object.values(services ?? {}).flatMap((service) => service?.image ?? [])
  })
}
