import test from 'ava'
import { readdirSync, statSync } from 'node:fs'
import { Revisions, revisionsDir } from '../../../src/pipeline/reload/revisions.ts'
import { Folder } from '../../support/folder.ts'

const BY = { who: 'user me', why: 'reload', diff: ['~ a b: 1 -> 2'] }

test('revisions - texts are kept with who, when and what, and only the owner can read them', (t) => {
  const folder = new Folder({ 'p.yaml': 'one' })
  t.teardown(() => folder.remove())
  const times = ['2026-11-25T10:00:00.000Z', '2026-11-25T11:00:00.000Z'].map((time) => new Date(time))
  const revisions = new Revisions(folder.at('p.yaml'), undefined, () => times.shift()!)
  t.deepEqual(revisions.list(), [])
  revisions.add('one', { who: 'user me', why: 'start', diff: [] })
  revisions.add('two: ${SECRET}', BY)
  t.deepEqual(revisions.list(), [
    { number: 1, at: '2026-11-25T10:00:00.000Z', who: 'user me', why: 'start', diff: [] },
    { number: 2, at: '2026-11-25T11:00:00.000Z', ...BY },
  ])
  t.is(revisions.text(2), 'two: ${SECRET}', 'as it is written, with nothing put in')
  t.is(revisions.dir, folder.at('.millrace/revisions/p.yaml'))
  t.is(statSync(revisions.dir).mode & 0o777, 0o700)
  for (const name of readdirSync(revisionsDir(folder.at('p.yaml'))))
    t.is(statSync(folder.at(`.millrace/revisions/p.yaml/${name}`)).mode & 0o777, 0o600)
})

test('revisions - the text of the latest is not kept again, an earlier one is', (t) => {
  const folder = new Folder({ 'p.yaml': 'one' })
  t.teardown(() => folder.remove())
  const revisions = new Revisions(folder.at('p.yaml'))
  t.deepEqual(
    ['one', 'one', 'two', 'one'].map((text) => revisions.add(text, BY).number),
    [1, 1, 2, 3],
  )
})

test('revisions - one is put back whole, the file keeps its mode, and another number is an error', (t) => {
  const folder = new Folder()
  t.teardown(() => folder.remove())
  const file = folder.write('p.yaml', 'two', 0o640)
  const revisions = new Revisions(file)
  revisions.add('one', BY)
  t.is(revisions.restore(1), 'one')
  t.is(statSync(file).mode & 0o777, 0o640)
  t.throws(() => revisions.restore(7), { instanceOf: RangeError, message: /has no revision 7: there are 1$/ })
  t.deepEqual(readdirSync(folder.path).sort(), ['.millrace', 'p.yaml'])
})
