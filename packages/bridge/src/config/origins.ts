// config/origins: what can be written for a web page that may call.

/** As browsers write it: `https://app.example:8443`, `app://some-editor`, and what windows without a host send. */
const ORIGIN = /^(?:[a-z][a-z\d+.-]*:\/\/[\w.~%[\]:-]{1,200}|file:\/\/|null)$/i

export function isOrigin(text: string): boolean {
  return ORIGIN.test(text)
}

/** What is compared: lower case, without the slash that people add. */
export function normalOrigin(text: string): string {
  const origin = text.toLowerCase()
  return origin === 'file://' ? origin : origin.replace(/\/$/, '')
}
