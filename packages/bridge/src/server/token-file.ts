// server/token-file: the token file of a bridge, if it has one.
import { TokenFile, type TokenFileOptions } from '../access/token-file.ts'
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
