import test, { type ExecutionContext } from 'ava'
import { dataFile } from '../support/data.ts'
import { replay, type Replay } from '../support/lobster.ts'

function assertCountsAddUp(t: ExecutionContext, { source, commands }: Replay): void {
  const { counts } = source
  t.is(counts.messages, counts.commands + counts.mergedExecutions + counts.quiet + counts.unknownExecutions)
  t.is(commands.length, counts.commands + counts.corrections)
}

test('lobster truth - AAPL: the engine fills 3,265 of 3,278 incoming orders as NASDAQ did', async (t) => {
  const path = dataFile(t, 'lobster/AAPL_L50_0930-1030_message.csv.gz')
  if (path === undefined) return
  const done = await replay(path)
  const { figures, lines } = done.agreement.report()
  t.log(lines[0])
  t.is(figures.compared, 3_278)
  t.is(figures.leftOut, 12)
  t.true(figures.agreeing >= 3_265, lines.join('\n'))
  t.is(
    figures.agreeing,
    3_278 - done.source.counts.disagreements,
    'the source saw the same disagreements coming',
  )
  t.is(figures.missing, 0)
  t.is(done.source.counts.messages, 91_997)
  assertCountsAddUp(t, done)
})

test('lobster truth - AMZN, 5 levels: every incoming order and every book row', async (t) => {
  const path = dataFile(t, 'lobster/AMZN_L5_first1000_message.csv.gz')
  if (path === undefined) return
  const done = await replay(path)
  const { figures } = done.agreement.report()
  t.like(figures, { compared: 75, agreeing: 75, leftOut: 14, missing: 0 })
  t.like(figures.book, { rows: 1_000, agreeing: 1_000, levels: 5 })
  t.is(done.source.counts.corrections, 0)
  assertCountsAddUp(t, done)
})

test('lobster truth - AMZN, 1 level, full day: every book row', async (t) => {
  const path = dataFile(t, 'lobster/AMZN_L1_message.csv.gz')
  if (path === undefined) return
  const done = await replay(path)
  const { book } = done.agreement.report().figures
  t.like(book, { rows: 57_515, agreeing: 57_515, levels: 1 })
  t.true(book!.adopted <= 13_953, 'no more levels are taken over than the window hides')
  assertCountsAddUp(t, done)
})
