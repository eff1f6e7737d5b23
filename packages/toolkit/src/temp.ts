// temp: folders for the time of one task; nothing is left of them, also if the program is ended meanwhile.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()

process.on('exit', () => {
  for (const folder of folders) remove(folder)
})

/** @param purpose is part of its name: `mcp-bridge-build-…` */
export async function inTempFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `mcp-bridge-${purpose}-`))
  folders.add(folder)
  try {
    return await use(folder)
  } finally {
    remove(folder)
    folders.delete(folder)
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
