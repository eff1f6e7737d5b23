// import/docker-flags: every flag of `docker run` and `podman run`: what it takes, and what becomes of it here.

/** `held`: the stack does so anyway, or it means nothing there. `dropped`: named to the person. */
export type FlagFate = 'held' | 'dropped' | FlagMeaning
export type FlagMeaning =
  | 'env'
  | 'env-file'
  | 'volume'
  | 'mount'
  | 'workdir'
  | 'user'
  | 'entrypoint'
  | 'network'
  | 'add-host'
  | 'shm-size'

interface Flag {
  takesValue: boolean
  fate: FlagFate
}

/** From `cli/command/container/opts.go` and `run.go` of docker/cli 29: those that pflag declares with Bool. */
const SWITCHES: Record<string, FlagFate> = {
  interactive: 'held',
  tty: 'held',
  detach: 'held',
  rm: 'held',
  init: 'held',
  quiet: 'held',
  'read-only': 'held',
  'sig-proxy': 'held',
  help: 'held',
  'disable-content-trust': 'held',
  privileged: 'dropped',
  'publish-all': 'dropped',
  'no-healthcheck': 'dropped',
  'oom-kill-disable': 'dropped',
  'use-api-socket': 'dropped',
  // Of podman alone.
  replace: 'held',
  rmi: 'held',
  'tls-verify': 'held',
  'read-only-tmpfs': 'held',
  passwd: 'held',
  'env-host': 'dropped',
  'http-proxy': 'dropped',
  'no-hosts': 'dropped',
  'no-hostname': 'dropped',
}

const MEANT: readonly FlagMeaning[] = [
  ...(['env', 'env-file', 'volume', 'mount', 'workdir', 'user', 'entrypoint', 'network'] as const),
  ...(['add-host', 'shm-size'] as const),
]
const HELD = [
  'attach',
  'cap-drop',
  'cidfile',
  'detach-keys',
  'log-driver',
  'log-opt',
  'name',
  'pull',
  'tmpfs',
]
const DROPPED = [
  ...['annotation', 'blkio-weight', 'blkio-weight-device', 'cap-add', 'cgroup-parent', 'cgroupns'],
  ...['cpu-count', 'cpu-percent', 'cpu-period', 'cpu-quota', 'cpu-rt-period', 'cpu-rt-runtime'],
  ...['cpu-shares', 'cpus', 'cpuset-cpus', 'cpuset-mems', 'device', 'device-cgroup-rule'],
  ...['device-read-bps', 'device-read-iops', 'device-write-bps', 'device-write-iops', 'dns', 'dns-opt'],
  ...['dns-option', 'dns-search', 'domainname', 'expose', 'gpus', 'group-add', 'health-cmd'],
  ...['health-interval', 'health-retries', 'health-start-interval', 'health-start-period'],
  ...['health-timeout', 'hostname', 'io-maxbandwidth', 'io-maxiops', 'ip', 'ip6', 'ipc', 'isolation'],
  ...['kernel-memory', 'label', 'label-file', 'link', 'link-local-ip', 'mac-address', 'memory'],
  ...['memory-reservation', 'memory-swap', 'memory-swappiness', 'network-alias', 'net-alias'],
  ...['oom-score-adj', 'pid', 'pids-limit', 'platform', 'publish', 'restart', 'runtime', 'security-opt'],
  ...['stop-signal', 'stop-timeout', 'storage-opt', 'sysctl', 'ulimit', 'userns', 'uts'],
  ...['volume-driver', 'volumes-from'],
  // Of podman alone.
  ...['arch', 'authfile', 'env-merge', 'group-entry', 'os', 'passwd-entry', 'pod', 'requires', 'secret'],
  ...['systemd', 'timeout', 'tz', 'umask', 'variant'],
]

const FLAGS = new Map<string, Flag>([
  ...Object.entries(SWITCHES).map(([name, fate]) => [name, { takesValue: false, fate }] as const),
  ...MEANT.map((name) => [name, { takesValue: true, fate: name }] as const),
  ['net', { takesValue: true, fate: 'network' }],
  ...HELD.map((name) => [name, { takesValue: true, fate: 'held' }] as const),
  ...DROPPED.map((name) => [name, { takesValue: true, fate: 'dropped' }] as const),
])

export const SHORT: Record<string, string> = {
  ...{ a: 'attach', c: 'cpu-shares', d: 'detach', e: 'env', h: 'hostname', i: 'interactive' },
  ...{ l: 'label', m: 'memory', P: 'publish-all', p: 'publish', q: 'quiet', t: 'tty' },
  ...{ u: 'user', v: 'volume', w: 'workdir' },
}

export function flagOf(name: string): Flag | undefined {
  return FLAGS.get(name)
}
