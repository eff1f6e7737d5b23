// config/principals: the names that the bridge itself gives to callers.

/** Every caller, where no token is asked for. */
export const ANONYMOUS = 'anonymous'
/** The caller that has the token of `--token`. */
export const DEFAULT_NAME = 'default'

/** No client may be given one of these: what is set for it would hold for others, too. */
export function isReserved(name: string): boolean {
  return name === ANONYMOUS || name === DEFAULT_NAME
}
