import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { millrace } from '../support/cli.ts'
import { filesOf, stateOf, tempDir } from '../support/journal.ts'
import { journalPipeline } from '../support/journal-pipeline.ts'

test.serial('backup and restore - make the same journal elsewhere, and say what they did', async (t) => {
  const base = tempDir(t)
  const { file, dir } = journalPipeline(t, {}, base)
  await millrace(['run', file, '--orders', '30000', '--quiet'])
  const into = join(base, 'backup')
  const made = await millrace(['backup', dir, into])
  t.is(made.code, 0, made.stderr)
  t.regex(made.stdout, /backup: \d+ files, \d+\.\d MB, all checked\n/)
  t.regex((await millrace(['backup', dir, into])).stdout, /of them there already/)
  const restored = await millrace(['restore', into, join(base, 'again')])
  t.is(restored.code, 0, restored.stderr)
  t.true(restored.stdout.endsWith(`state ${stateOf(dir).hash}\n`))
  t.regex((await millrace(['replay', join(base, 'again'), '--verify'])).stdout, /sequence 30,000/)
  const path = filesOf(into, 'events')[0]!
  const bytes = readFileSync(path)
  bytes[5_000]! ^= 1
  writeFileSync(path, bytes)
  const bad = await millrace(['restore', into, join(base, 'third')])
  t.is(bad.code, 65)
  t.true(bad.stderr.includes(path))
})
