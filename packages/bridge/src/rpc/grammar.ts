// rpc/grammar: the bytes of strings and numbers as RFC 8259 has them.

// How far a number has come. Even: may end here.
export const N_MINUS = 1
export const N_ZERO = 2
const N_POINT = 3
export const N_INTEGER = 4
const N_E = 5
const N_FRACTION = 6
const N_SIGN = 7
const N_EXPONENT = 8

export function isSimpleEscape(c: number): boolean {
  // " \ / b f n r t
  return (
    c === 0x22 ||
    c === 0x5c ||
    c === 0x2f ||
    c === 0x62 ||
    c === 0x66 ||
    c === 0x6e ||
    c === 0x72 ||
    c === 0x74
  )
}

export function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66)
}

/** The next stage of a number, or 0 where the byte is not part of it. */
export function numberStep(stage: number, c: number): number {
  const isDigit = c >= 0x30 && c <= 0x39
  switch (stage) {
    case N_MINUS:
      return c === 0x30 ? N_ZERO : isDigit ? N_INTEGER : 0
    case N_INTEGER:
      if (isDigit) return N_INTEGER
      return afterInteger(c)
    case N_ZERO:
      return afterInteger(c)
    case N_POINT:
    case N_FRACTION:
      if (isDigit) return N_FRACTION
      return stage === N_FRACTION && isE(c) ? N_E : 0
    case N_E:
      if (c === 0x2b || c === 0x2d) return N_SIGN
      return isDigit ? N_EXPONENT : 0
    default:
      return isDigit ? N_EXPONENT : 0
  }
}

function afterInteger(c: number): number {
  return c === 0x2e ? N_POINT : isE(c) ? N_E : 0
}

function isE(c: number): boolean {
  return c === 0x65 || c === 0x45
}
