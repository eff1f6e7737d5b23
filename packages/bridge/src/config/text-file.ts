// config/text-file: a file that a person has written, with whatever editor.
import { readFileSync } from 'node:fs'

/** UTF-8, without the byte order mark that Notepad and PowerShell put in front. Throws what `readFileSync` throws. */
export function readTextFile(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\ufeff/, '')
}
