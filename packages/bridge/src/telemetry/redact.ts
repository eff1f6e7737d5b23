// telemetry/redact: the fields that never reach a log, wherever a careless call puts them.

const SECRET_FIELDS = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'token', 'env', 'environment']

/** Paths for pino's `redact`: each secret field at the top of a log line and one level down. */
export const REDACTED_PATHS: readonly string[] = SECRET_FIELDS.flatMap((field) => [
  `["${field}"]`,
  `*["${field}"]`,
])
