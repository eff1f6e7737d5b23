// config/proxy: the variables that say through which proxy a client reaches others.
const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

/** Those that are set, in either spelling; undefined where no proxy is. */
export function proxyVariables(): Record<string, string> | undefined {
  const found: Record<string, string> = {}
  for (const name of NAMES.flatMap((each) => [each, each.toLowerCase()])) {
    const value = process.env[name]
    if (value !== undefined && value !== '') found[name] = value
  }
  return Object.keys(found).some((name) => !/^no_/i.test(name)) ? found : undefined
}
