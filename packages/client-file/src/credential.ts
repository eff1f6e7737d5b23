// credential: what looks like a secret, by its name, by its shape, or by where it stands.

/** Names of options, headers and URL parameters whose value is a secret; the last words decide. */
const NAMED =
  /(^|_)(TOKENS?|KEYS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|PASS|PWD|PAT|CREDENTIALS?|CREDS|AUTH|AUTHORIZATION|BEARER|JWT|COOKIES?|DSN|WEBHOOKS?(_UR[IL])?|SIG|SIGNATURE|OTP|CONN(ECTION)?_?STR(ING)?)$|(TOKEN|SECRET|PASSWORD|PASSWD|APIKEY|ACCESSKEY|ACCOUNTKEY)$/
/** Names that match above and are no secret. */
const NO_SECRET =
  /(^|_)(SORT|PRIMARY|PARTITION|FOREIGN|PUBLIC|GROUP|ROW|CACHE|JSON|CONFIG|MAX|MIN)_(TOKENS?|KEYS?)$/

/** Names of variables: any part counts, because treating a harmless variable as a secret costs little. */
const VARIABLE =
  /TOKEN|KEY|SECRET|PASS|PWD|CREDENTIAL|CREDS|AUTH|COOKIE|DSN|CONNECTION|WEBHOOK|HEADER|BEARER|JWT|SIGNATURE|PRIVATE|SESSION|(^|_)(PAT|PIN|OTP|SALT|SEED|SID)(_|$)/i
const ADDRESS = /(^|_)UR[IL]S?$/i

/** Prefixes that services put on their keys so that scanners find them. */
const PREFIXED = new RegExp(
  String.raw`(?:^|[^A-Za-z0-9])(?:${[
    ...['sk-', 'sk_', 'rk_live_', 'pk_live_', 'gh[opsur]_', 'github_pat_', 'glpat-', 'xox[a-z]-', 'xapp-'],
    ...['pypi-', 'ntn_', 'lin_api_', 'figd_', 'dop_v1_', 'shp(?:at|ss|ca|pa)_', 'tvly-', 'gsk_', 'xai-'],
    ...['glsa_', 'glc_', 'sntry[su]_', 'whsec_', 'lsv2_', 'pplx-', 'r8_', 'AIza', 'ya29\\.', 'ATATT'],
    ...['PMAK-', 'apify_api_', 'sbp_', 'nvapi-', 'hf_(?=[A-Za-z]{20})'],
  ].join('|')})[\w.-]{6,}|(?:^|[^A-Za-z0-9])A(?:KIA|SIA)[A-Z0-9]{12,}|(?:^|\D)\d{8,10}:[\w-]{30,}`,
)
const SHAPES = [
  PREFIXED,
  // A JWT, and a private key in PEM.
  /(^|[^\w.-])eyJ[\w-]{8,}\.[\w-]{4,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /\b(Bearer|Basic) +[\w.~+/=-]{8,}/i,
  // User and password in front of a host; the password may have characters that a URL may not.
  /:\/\/[^/?#\s]{0,500}@/,
  /:\/\/[^/\s:@]{0,200}:(?!\d{1,5}([/?#]|$))\S{0,500}@/,
  // A webhook: whoever knows the address may post there.
  /:\/\/(hooks\.|[^/\s]{0,253}\/(api\/)?(webhooks?|hooks?)\/)\S/i,
]
/** `name=value`, `name: value`, `"name": "value"`. The value is only looked at, not consumed: it may contain further pairs, as URLs do. */
const PAIR = /(?<![\w.-])([\w.-]{1,100})["']?\s*[=:](?=\s*["']?([^"'&;,}\n]{0,300}))/g
const SCHEME = /^(Bearer|Basic|Token|Api-?Key)\b/i
/** Placeholders that are filled in later. One with a default value (`${KEY:-sk-…}`) is not among them. */
const PLACEHOLDER =
  /\$\{(?:\w{1,100}:)?\w[\w.-]{0,100}\}|\$[A-Z][A-Z0-9_]{2,99}(?![\w$])|\{\{[^{}]{0,200}\}\}/g
const HARMLESS =
  /^(|true|false|yes|no|on|off|none|null|undefined|stdin|env|-|\d{1,3}|basic|bearer|digest|oauth2?|oidc|api-?key|anonymous)$/i
/** Paths of this machine. Not everything behind a slash: a secret in base64 may begin with one. */
const PATH =
  /^(\.{0,2}|~)\/([\w.@ -]+\/)*[\w.@ -]+\.\w{1,5}$|^(~|\.{1,2})\/|^\/(app|data|etc|home|mnt|opt|root|run|srv|tmp|usr|var|Users|Volumes)\/|^[A-Za-z]:[\\/]/
/** Usually an identifier, not a secret. */
const UUID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi
/** A longer text is taken for a secret without a search, which bounds the time of one. */
const MOST = 10_000

/** Whether a variable of a client's configuration is kept secret. A URL is if it contains a secret, or is a webhook or DSN. */
export function isSecretVariable(name: string, value: string): boolean {
  if (holdsSecret(value)) return true
  return ADDRESS.test(name) ? /WEBHOOK|DSN/i.test(name) : VARIABLE.test(name)
}

/** By shape, or by place: in an address, a header, a list of pairs. */
export function holdsSecret(text: string): boolean {
  if (text.length > MOST) return true
  const said = text.replaceAll(PLACEHOLDER, '')
  if (SHAPES.some((shape) => shape.test(said))) return true
  if ([...said.matchAll(PAIR)].some(([, name = '', value = '']) => isNamedSecret(name, value))) return true
  const unnamed = said.replaceAll(UUID, '')
  // Once without the slash, which separates folders, and once with it, as in base64.
  return [/[A-Za-z0-9_+=-]{20,}/g, /[A-Za-z0-9+/=]{20,}/g].some((letters) =>
    unnamed.match(letters)?.some(isRandom),
  )
}

/** Whether an option, a header or a parameter of this name has a secret for its value. */
export function isNamedSecret(name: string, value: string): boolean {
  const words = name
    .replace(/^-+/, '')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z\d]+/g, '_')
    .toUpperCase()
  if (!NAMED.test(words) || NO_SECRET.test(words)) return false
  const said = value.replaceAll(PLACEHOLDER, '').trim().replace(SCHEME, '').trim()
  return !HARMLESS.test(said) && !PATH.test(said)
}

export interface FoundSecret {
  /** The text that is secret. */
  secret: string
  /** Where it stands, without the secret itself: `--api-key`, `argument 3`. */
  where: string
}

/** The secrets among the arguments of a program. */
export function secretArguments(args: readonly string[]): FoundSecret[] {
  return args.flatMap((arg, index): FoundSecret[] => {
    const [, name = '', inline] = /^([\w.-]+)=(.*)$/s.exec(arg) ?? []
    if (inline !== undefined && (isNamedSecret(name, inline) || holdsSecret(inline)))
      return [{ secret: inline, where: name }]
    const option = args[index - 1] ?? ''
    const isValue = /^--?[A-Za-z]/.test(option) && !option.includes('=') && !/^--?[A-Za-z]/.test(arg)
    if (isValue && isNamedSecret(option, arg)) return [{ secret: arg, where: option }]
    if (holdsSecret(arg)) return [{ secret: arg, where: isValue ? option : `argument ${index + 1}` }]
    return []
  })
}

/** The same text without these secrets, for people. */
export function redacted(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '…'), text)
}

/** Whether small letters, capitals and digits alternate more often than in words; a capital before small letters is usual. */
function isRandom(text: string): boolean {
  const kinds = [...text].map((c) =>
    /[a-z]/.test(c) ? 'a' : /[A-Z]/.test(c) ? 'A' : /\d/.test(c) ? '0' : '',
  )
  const changes = kinds.filter((kind, i) => {
    const before = kinds[i - 1] ?? ''
    return kind !== '' && before !== '' && kind !== before && !(before === 'A' && kind === 'a')
  })
  return /\d/.test(text) && changes.length >= text.length / 4
}
