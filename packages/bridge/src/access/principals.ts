// access/principals: the names that the bridge itself gives to who calls.

/** Whoever calls where no token is asked for. */
export const ANONYMOUS = 'anonymous'
/** Whoever has the token of `--token`. */
export const DEFAULT_NAME = 'default'

/** No person may be called so: what is theirs would be that of others, too. */
export function isReserved(name: string): boolean {
  return name === ANONYMOUS || name === DEFAULT_NAME
}
