import { expect, test } from 'vitest'
import { exec } from './exec.ts'

test('a failure shows what complained first, and how it ended', async () => {
  const script = `
    for (let i = 0; i < 40; i++) console.error('step ' + i)
    console.error('npm error code EUSAGE')
    for (let i = 0; i < 40; i++) console.error('note ' + i + '\\n')
    process.exit(3)`
  const failed = exec([process.execPath, '--eval', script])
  await expect(failed).rejects.toThrow(
    /failed:\n {2}\| npm error code EUSAGE\n {2}\| note 37\n {2}\| note 38\n {2}\| note 39$/,
  )
})
