// words: a command line that stands in one text → its words, with quotes as a POSIX shell reads them.

/** Nothing is expanded. A quote that nothing closes ends with the text. */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\[\s\S]?|"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?)+/g))
    words.push(unquoted(word))
  return words
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'?|"((?:[^"\\]|\\[\s\S])*)"?|\\([\s\S]?)/g,
    (_, single, double, escaped) => {
      if (typeof single === 'string') return single
      if (typeof double === 'string') return double.replaceAll(/\\(["\\$`])/g, '$1')
      return String(escaped ?? '')
    },
  )
}

/** A command in one text: `npx -y pkg`, but not `C:\Program Files\tool.exe`. */
export function commandWords(text: string): string[] {
  return /\s/.test(text) && !/^[A-Za-z]:[\\/]|^\\\\/.test(text) ? wordsOf(text) : [text]
}
