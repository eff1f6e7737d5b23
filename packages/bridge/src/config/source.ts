// config/source: what one source says of the options, with who said so.

/** `flag --idle`, `variable MCP_BRIDGE_IDLE`, `file bridge.yaml`, `default`, or `option idleMs` of the library. */
export type Origin = `${'flag' | 'variable' | 'file' | 'option'} ${string}` | 'default'

/** Raw, by key of `Config`. */
export type Values = Map<string, [value: unknown, origin: Origin]>

export interface Source {
  values: Values
  /** What has no place among the values. */
  problems: string[]
}
