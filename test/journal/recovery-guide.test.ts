import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { root } from '../support/cli.ts'
import { tempDir } from '../support/journal.ts'
import { pipelineFile } from '../support/journal-pipeline.ts'

/** The commands that a guide shows, in its order. */
function commandsOf(name: string): string[] {
  const text = readFileSync(join(root, 'docs', name), 'utf8')
  return [...text.matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap((match) =>
    [...match[1]!.matchAll(/^\$ (.*)$/gm)].map((line) => line[1]!),
  )
}

for (const guide of ['recovery.md', 'journal.md'])
  test(`guide - what docs/${guide} shows can be done as it stands`, (t) => {
    const folder = tempDir(t)
    mkdirSync(join(folder, 'bin'))
    const script = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/millrace.js')}' "$@"\n`
    writeFileSync(join(folder, 'bin/millrace'), script, { mode: 0o755 })
    mkdirSync(join(folder, 'data'))
    pipelineFile(folder, 'data/journal', { journal: 'segmentBytes: 4194304' }, 'exchange')
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` }
    const run = (command: string): void => {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      t.is(status, 0, `${command}\n${stdout}${stderr}`)
    }
    for (const orders of [30_000, 40_000]) run(`millrace run exchange.yaml --quiet --orders ${orders}`)
    const commands = commandsOf(guide)
    t.true(commands.length > 8)
    for (const command of commands) run(command)
    run('millrace replay data/journal --verify')
  })
