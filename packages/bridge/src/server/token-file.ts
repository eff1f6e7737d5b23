// server/token-file: the token file of a bridge, if it has one.
import { TokenFile, type TokenFileOptions } from '../access/token-file.ts'
import { strangersIn, tokensOf } from '../access/tokens.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'

/** @throws BridgeError `config_invalid` */
export function openTokenFile(
  { tokenFile: path }: Config,
  { filePollMs: pollMs, fileSettleMs: settleMs, tokenGraceMs: graceMs }: Timings,
  take: TokenFileOptions['take'],
  log: Logger,
): TokenFile | undefined {
  return path === undefined ? undefined : new TokenFile({ path, take, pollMs, settleMs, graceMs }, log)
}

/** Those that let somebody in now. */
export function knownTokens(config: Config, file: TokenFile | undefined): string[] {
  return [...tokensOf(config, file?.inForce ?? new Map<string, string>(), false).keys()]
}

/** A typo in a name: its holder has no filter and no environment of its own. */
export function warnOfStrangers(file: ReadonlyMap<string, string>, config: Config, log: Logger): void {
  const names = strangersIn(file, config)
  if (names.length > 0) log.warn({ names }, 'clients does not know these names of the token file')
}
