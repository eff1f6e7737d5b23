// import/place: the machine on which the stack is made: what is there, and where a client's words for a folder lead.
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, normalize } from 'node:path'

export interface Place {
  home: string
  /** The folder that the client has open; unknown for a file of the whole machine. */
  workspace: string | undefined
  /** Of the client's file. */
  folder: string
  look(path: string): { is: 'file' | 'folder'; uid: number } | undefined
  /** Of who makes the stack. */
  uid: number
}

/** @param path of the client's file, absolute */
export function placeOf(path: string, workspace: string | undefined): Place {
  const home = homedir()
  return {
    home,
    // The settings in a home folder are those of every project.
    workspace: workspace === home || workspace === '' ? undefined : workspace,
    folder: dirname(path),
    look: (at) => {
      const found = statSync(at, { throwIfNoEntry: false })
      return found === undefined ? undefined : { is: found.isDirectory() ? 'folder' : 'file', uid: found.uid }
    },
    uid: process.getuid?.() ?? 0,
  }
}

export function isWindowsPath(text: string): boolean {
  return /^[A-Za-z]:[\\/]|^\\\\[^\\]|^%\w+%[\\/]/.test(text)
}

/** The absolute path that a text means; undefined if it means none, or one that only the client's machine has. */
export function absolutePath(text: string, base: string | undefined, home: string): string | undefined {
  if (text === '~' || text.startsWith('~/')) return tidy(join(home, text.slice(1)))
  if (isAbsolute(text)) return tidy(text)
  return base === undefined ? undefined : tidy(join(base, text))
}

function tidy(path: string): string {
  return normalize(path).replace(/(.)\/+$/, '$1')
}

/** These are not mounted unless somebody asks for them by name: they hold more than any tool needs. */
export function isTooMuch(path: string, home: string): boolean {
  return path === '/' || path === home || path === dirname(home)
}

/** In a container these belong to the system, or to the tool. */
export function isReserved(path: string): boolean {
  return /^\/(app|opt|tmp|proc|sys|dev|etc|usr|bin|lib\w*|sbin|run|boot|root|var\/(run|lib|cache))?(\/|$)/.test(
    path,
  )
}
