import test, { type ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { millrace, start, type Running } from '../support/cli.ts'
import { Folder } from '../support/folder.ts'

const TEXT = `name: reloaded
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 585.33 }
stages:
  - { id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 1000000000 } } }
  - { id: risk, operator: risk, limits: { maxOrderLots: 50000 } }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary }
`

function folderOf(t: ExecutionContext, text = TEXT): { file: string; folder: Folder } {
  const folder = new Folder({ 'p.yaml': text })
  t.teardown(() => folder.remove())
  return { folder, file: folder.at('p.yaml') }
}

const isUnderWay = ({ stderr }: Running): boolean => stderr.includes('control: ')

async function endOf(running: Running): Promise<string> {
  running.child.kill('SIGINT')
  const { code, stdout, stderr } = await running.ended
  if (code !== 0) throw new Error(`exit code ${code}\n${stderr}`)
  return stdout
}

test.serial(
  'run --watch - a saved file is taken up, a broken one is not, and revisions say who did what',
  async (t) => {
    const { file } = folderOf(t)
    const running = start(['run', file, '--watch'])
    await running.until(isUnderWay)
    writeFileSync(file, TEXT.replace('50000', '40000'))
    await running.until(({ stderr }) => stderr.includes('changed over at sequence '))
    t.regex(running.stderr, /~ risk limits\.maxOrderLots: 50000 -> 40000\n/)
    t.regex(running.stderr, /changed over at sequence \d+, sources were held for [\d.]+ ms, revision 2\n/)
    writeFileSync(file, TEXT.replace('50000', 'ten'))
    await running.until(({ stderr }) => stderr.includes('refused, what ran before runs on'))
    t.regex(running.stderr, /p\.yaml:6:57 risk\.limits\.maxOrderLots: expected .*, got "ten"\n/)
    const back = await millrace(['rollback', '1', file])
    t.is(back.code, 0, back.stderr)
    t.regex(back.stderr, /p\.yaml is as in revision 1, kept as revision 4\n[^]*process \d+: swapped\n$/)
    t.is(readFileSync(file, 'utf8'), TEXT)
    const listed = await millrace(['revisions', file, '--format', 'json'])
    const list = JSON.parse(listed.stdout) as { number: number; who: string; why: string; diff: string[] }[]
    t.deepEqual(
      list.map(({ number, why }) => [number, why]),
      [
        [1, 'start'],
        [2, 'saved'],
        [3, 'before a rollback'],
        [4, 'rollback to 1'],
      ],
    )
    t.true(list.every(({ who }) => who.startsWith('user ')))
    t.deepEqual(list[1]!.diff, ['~ risk limits.maxOrderLots: 50000 -> 40000'])
    t.regex(
      (await millrace(['revisions', file])).stdout,
      /^ {3}2 {2}\d{4}-\S+ {2}user \S+ {2}saved\n {8}~ risk limits/m,
    )
    t.regex(await endOf(running), /\nthe counts add up\n/)
  },
)

test.serial('run - SIGHUP takes the file up anew', async (t) => {
  const { file } = folderOf(t)
  const running = start(['run', file])
  await running.until(isUnderWay)
  writeFileSync(file, TEXT.replace('50000', '40000'))
  running.child.kill('SIGHUP')
  await running.until(({ stderr }) => stderr.includes('changed over at sequence '))
  t.regex(await endOf(running), /\nthe counts add up\n/)
})

test.serial('rollback - a number that there is not is wrong use, and changes nothing', async (t) => {
  const { file } = folderOf(t)
  const { code, stderr } = await millrace(['rollback', '5', file])
  t.is(code, 64)
  t.regex(stderr, /p\.yaml has no revision 5: there are 1\n$/)
  t.is(readFileSync(file, 'utf8'), TEXT)
})
