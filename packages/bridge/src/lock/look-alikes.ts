// lock/look-alikes: letters of one alphabet that look like those of another.

/** What looks like which small Latin letter: Cyrillic, Greek and others, and digits. */
const LIKE: Readonly<Record<string, string>> = {
  ...alike('аạαɑ', 'a'),
  ...alike('Ьƅ', 'b'),
  ...alike('сϲ', 'c'),
  ...alike('ԁ', 'd'),
  ...alike('еҽ', 'e'),
  ...alike('ɡ', 'g'),
  ...alike('һ', 'h'),
  ...alike('іΙІ1|ⅼӏ', 'l'),
  ...alike('ј', 'j'),
  ...alike('κк', 'k'),
  ...alike('п', 'n'),
  ...alike('оοσ0', 'o'),
  ...alike('рρ', 'p'),
  ...alike('ԛ', 'q'),
  ...alike('ѕ', 's'),
  ...alike('т', 't'),
  ...alike('υ', 'u'),
  ...alike('ѵν', 'v'),
  ...alike('ԝω', 'w'),
  ...alike('хχ', 'x'),
  ...alike('уγ', 'y'),
}

/** Equal for names that a person may take for each other. */
export function skeletonOf(name: string): string {
  const plain = name.normalize('NFKC').toLowerCase()
  // What the eye takes for an l is one, whichever of the three it is.
  return Array.from(plain, (letter) => (letter === 'i' ? 'l' : (LIKE[letter] ?? letter)))
    .join('')
    .replaceAll(/[^\p{L}\p{N}]/gu, '_')
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu
const LATIN = /\p{Script=Latin}/u
const OTHERS = /\p{Script=Cyrillic}|\p{Script=Greek}|\p{Script=Armenian}|\p{Script=Cherokee}/u
/** Whole alphabets of mathematics, and those as wide as Chinese characters. */
const DRESSED = /[\u{1d400}-\u{1d7ff}\uff21-\uff3a\uff41-\uff5a]/u
const UNITS = /^[µμΔδΩωπλσαβγ]\p{Script=Latin}{1,4}$/u

/** Words with letters of two alphabets, or of one that is dressed up, with what betrays them: `Sаys (U+0430)`. */
export function lookAlikes(text: string): string[] {
  return [...text.matchAll(WORD)].flatMap(([word]) => {
    const isMixed = LATIN.test(word) && OTHERS.test(word) && !UNITS.test(word)
    if (!isMixed && !DRESSED.test(word)) return []
    const odd = Array.from(word).filter((letter) => OTHERS.test(letter) || DRESSED.test(letter))
    return [`${word} (${[...new Set(odd)].map(codeOf).join(', ')})`]
  })
}

function codeOf(letter: string): string {
  return `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function alike(letters: string, latin: string): Record<string, string> {
  return Object.fromEntries(Array.from(letters, (letter) => [letter, latin]))
}
