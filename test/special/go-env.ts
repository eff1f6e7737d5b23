// special/go-env: what of this process's environment Go and package registries are reached by.

const NAMES = /^(go[a-z0-9]*|xdg_cache_home|(https?|no|all)_proxy|ssl_cert_(file|dir)|pip_[a-z_]+)$/i

export function goEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => NAMES.test(entry[0])),
  )
}
