import test from 'ava'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEGRADED_SCORE, degradation } from '../../src/telemetry/baseline.ts'
import { History } from '../../src/telemetry/history.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-history-'))
/** A whole minute. */
const START = 1_800_000_000

test('history - seconds come back as they were, and minutes as mean, least and most', async (t) => {
  const history = await History.open({ file: ':memory:' })
  for (let i = 0; i < 150; i++) history.append(START + i, { 'orders.rate': i, 'process.cpu': 0.5 })
  t.deepEqual(history.names(), ['orders.rate', 'process.cpu'])
  t.deepEqual(history.points('orders.rate', START + 3, START + 5, 'second'), [
    { at: START + 3, mean: 3, least: 3, most: 3 },
    { at: START + 4, mean: 4, least: 4, most: 4 },
  ])
  t.deepEqual(history.points('orders.rate', START, START + 1_000, 'minute'), [
    { at: START, mean: 29.5, least: 0, most: 59 },
    { at: START + 60, mean: 89.5, least: 60, most: 119 },
  ])
  t.deepEqual(history.points('nothing', START, START + 1_000, 'second'), [])
  history.close()
})

test('history - what is older than it is kept goes, minute by minute', async (t) => {
  const history = await History.open({ file: ':memory:', keepSeconds: 120, keepMinutesSeconds: 300 })
  for (let i = 0; i < 600; i += 10) {
    history.append(START + i, { rate: i })
    if (i % 60 === 0) history.mark(START + i, 'reload', `number ${i / 60}`)
  }
  const seconds = history.points('rate', 0, START + 1_000, 'second').map(({ at }) => at - START)
  t.is(seconds[0], 420)
  const minutes = history.points('rate', 0, START + 1_000, 'minute').map(({ at }) => at - START)
  t.deepEqual(minutes, [240, 300, 360, 420, 480])
  t.deepEqual(
    history.marks(0, START + 1_000).map(({ text }) => text),
    ['number 4', 'number 5', 'number 6', 'number 7', 'number 8', 'number 9'],
  )
  history.close()
})

test('history - a file keeps it, and minutes that a run left open are summed up by the next', async (t) => {
  const file = join(directory, 'kept.sqlite')
  const first = await History.open({ file })
  for (let i = 0; i < 30; i++) first.append(START + i, { rate: 10 })
  first.close()
  const second = await History.open({ file })
  t.deepEqual(second.points('rate', START, START + 60, 'minute'), [
    { at: START, mean: 10, least: 10, most: 10 },
  ])
  second.append(START + 30, { rate: 40 })
  second.append(START + 90, { rate: 1 })
  t.is(second.points('rate', START, START + 60, 'minute')[0]!.most, 40)
  second.close()
})

test('history - a file that is none is named', async (t) => {
  const file = join(directory, 'text.sqlite')
  writeFileSync(file, 'not a database, only some text that is long enough to be looked at '.repeat(20))
  const error = await t.throwsAsync(History.open({ file }))
  t.is(error.message, `${file}: file is not a database`)
})

test('history - two periods are compared by mean, median and worst', async (t) => {
  const history = await History.open({ file: ':memory:' })
  for (let i = 0; i < 100; i++) history.append(START + i, { p99: i < 50 ? 100 : 300 })
  t.deepEqual(history.compare('p99', [START, START + 50], [START + 50, START + 100]), {
    first: { points: 50, mean: 100, p50: 100, p99: 100, most: 100 },
    second: { points: 50, mean: 300, p50: 300, p99: 300, most: 300 },
    ratio: 3,
  })
  history.close()
})

test('baseline - a gauge that leaves what it was at this hour is noticed without a limit', async (t) => {
  const history = await History.open({ file: ':memory:' })
  const day = 86_400
  for (let past = 3; past >= 1; past--)
    for (let minute = -30; minute < 30; minute++)
      history.append(START - past * day + minute * 60, { p99: 1_000 + ((minute * 7 + past) % 11) * 10 })
  const busyHour = START - 6 * 3_600
  t.is(degradation(history, 'p99', busyHour, true), undefined)
  for (let minute = -6; minute <= 0; minute++) history.append(START + minute * 60, { p99: 1_060 })
  t.true(degradation(history, 'p99', START, true)!.score < 1)
  for (let minute = 1; minute <= 6; minute++) history.append(START + minute * 60, { p99: 2_000 })
  const degraded = degradation(history, 'p99', START + 360, true)!
  t.true(degraded.score > DEGRADED_SCORE)
  t.is(degraded.now, 2_000)
  t.true(degradation(history, 'p99', START + 360, false)!.score < 0)
  history.close()
})
