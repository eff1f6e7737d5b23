// tools/env-file: sets and removes variables in `.env`; all other lines stay as they are.

export function valueOf(env: string, name: string): string | undefined {
  const line = env.split('\n').findLast((each) => each.startsWith(`${name}=`))
  return line?.slice(name.length + 1)
}

export function withValue(env: string, name: string, value: string): string {
  const line = `${name}=${value}`
  if (valueOf(env, name) === undefined)
    return `${env}${env === '' || env.endsWith('\n') ? '' : '\n'}${line}\n`
  return env
    .split('\n')
    .map((each) => (each.startsWith(`${name}=`) ? line : each))
    .join('\n')
}

export function withoutValue(env: string, name: string): string {
  return env
    .split('\n')
    .filter((each) => !each.startsWith(`${name}=`))
    .join('\n')
}

const FILES = 'COMPOSE_FILE'
const FIRST = 'docker-compose.yml'

/** The files of `COMPOSE_FILE`, which `docker compose` reads without `--file`. */
export function composeFiles(env: string): string[] {
  return (valueOf(env, FILES) ?? FIRST).split(':').filter((file) => file !== '')
}

export function withComposeFile(env: string, file: string): string {
  const files = composeFiles(env)
  return files.includes(file) ? env : withValue(env, FILES, [...files, file].join(':'))
}

export function withoutComposeFile(env: string, file: string): string {
  const files = composeFiles(env)
  if (!files.includes(file)) return env
  const rest = files.filter((each) => each !== file)
  return rest.join() === FIRST ? withoutValue(env, FILES) : withValue(env, FILES, rest.join(':'))
}
