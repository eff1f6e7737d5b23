// import/docker-run: the arguments of `docker run` → image, arguments of the tool, and what the flags say.
import { ToolkitError } from '../errors.ts'
import { flagOf, SHORT, type FlagMeaning } from './docker-flags.ts'

export interface DockerRun {
  image: string
  args: string[]
  /** In their order; without a value it is taken from the environment. */
  env: { name: string; value: string | undefined }[]
  envFiles: string[]
  mounts: DockerMount[]
  workdir: string | undefined
  user: string | undefined
  entrypoint: string | undefined
  hasNetwork: boolean
  extraHosts: string[]
  shmSize: string | undefined
  /** Flags that are not carried over, without their values. */
  dropped: string[]
}

export interface DockerMount {
  /** Undefined: a volume without a name. */
  source: string | undefined
  target: string
  isReadOnly: boolean
  isBind: boolean
}

/** @throws ToolkitError for a flag that is none, and where no image is named */
export function parseDockerRun(args: readonly string[]): DockerRun {
  const rest = [...args]
  const given: [FlagMeaning, string][] = []
  const dropped: string[] = []
  const take = (name: string, shown: string, inline: string | undefined): void => {
    const flag = flagOf(name)
    if (flag === undefined)
      throw new ToolkitError(`${shown} is no flag of docker run that is known here`, {
        hint: 'take it out of the entry',
      })
    const value = flag.takesValue ? (inline ?? rest.shift()) : inline
    if (flag.takesValue && value === undefined) throw new ToolkitError(`${shown} has no value`)
    if (flag.fate === 'dropped') dropped.push(shown)
    else if (flag.fate !== 'held') given.push([flag.fate, value ?? ''])
  }
  while (rest[0]?.startsWith('-') === true) {
    const word = rest.shift() ?? ''
    if (word === '--') break
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name !== undefined) take(name, `--${name}`, inline)
    else takeShort(word.slice(1), take)
  }
  const [image, ...tail] = rest
  if (image === undefined) throw new ToolkitError('it names no image')
  return { image, args: tail, dropped, ...meaningOf(given, dropped) }
}

/** `-it`, `-eNAME=value`, `-e=NAME=value`: switches may stand together, and the last may take the rest as its value. */
function takeShort(
  letters: string,
  take: (name: string, shown: string, inline: string | undefined) => void,
): void {
  for (let i = 0; i < letters.length; i += 1) {
    const letter = letters[i] ?? ''
    const name = SHORT[letter] ?? letter
    if (flagOf(name)?.takesValue !== true) {
      take(name, `-${letter}`, undefined)
      continue
    }
    const inline = letters.slice(i + 1).replace(/^=/, '')
    take(name, `-${letter}`, inline === '' ? undefined : inline)
    return
  }
}

function meaningOf(
  given: readonly (readonly [FlagMeaning, string])[],
  dropped: string[],
): Omit<DockerRun, 'image' | 'args' | 'dropped'> {
  const all = (meaning: FlagMeaning): string[] =>
    given.filter(([means]) => means === meaning).map(([, value]) => value)
  const networks = all('network')
  if (networks.some((network) => network !== 'none' && network !== 'bridge')) dropped.push('--network')
  return {
    env: all('env').map((pair) => {
      const [name = '', value] = pair.split(/=(.*)/s)
      return { name, value }
    }),
    envFiles: all('env-file'),
    mounts: given.flatMap(([means, value]) =>
      means === 'volume' ? [volume(value)] : means === 'mount' ? mount(value, dropped) : [],
    ),
    workdir: all('workdir').at(-1),
    user: all('user').at(-1),
    entrypoint: all('entrypoint').at(-1),
    hasNetwork: !networks.includes('none'),
    extraHosts: all('add-host'),
    shmSize: all('shm-size').at(-1),
  }
}

/** `[source:]target[:options]`; a source of Windows has a colon of its own, and so may a placeholder. */
function volume(text: string): DockerMount {
  const parts = text.match(/(?:^[A-Za-z]:(?=[\\/]))?(?:\$\{[^}]*\}|[^:])+/g) ?? []
  const [first = '', second, options = ''] = parts
  if (second === undefined) return { source: undefined, target: first, isReadOnly: false, isBind: false }
  return {
    source: first,
    target: second,
    isReadOnly: options.split(',').some((option) => option === 'ro' || option === 'readonly'),
    isBind: /^[/.~$\\%]|^[A-Za-z]:[\\/]/.test(first),
  }
}

/** `type=bind,source=…,target=…,readonly`. */
function mount(text: string, dropped: string[]): DockerMount[] {
  const options = new Map(
    text.split(',').map((pair): [string, string] => {
      const [key = '', value = 'true'] = pair.split(/=(.*)/s)
      return [key.toLowerCase(), value]
    }),
  )
  const one = (...keys: string[]): string | undefined =>
    keys.map((key) => options.get(key)).find((value) => value !== undefined)
  const target = one('target', 'destination', 'dst')
  const type = one('type') ?? 'volume'
  if (target === undefined || !['bind', 'volume'].includes(type)) {
    dropped.push('--mount')
    return []
  }
  const isReadOnly = one('readonly', 'ro') === 'true' || one('readonly', 'ro') === '1'
  return [{ source: one('source', 'src'), target, isReadOnly, isBind: type === 'bind' }]
}
