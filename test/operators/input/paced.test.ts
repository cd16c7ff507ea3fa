import test from 'ava'
import { Batch } from '../../../src/book/index.ts'
import { Paced } from '../../../src/operators/input/paced.ts'
import type { Source } from '../../../src/pipeline/operator.ts'

/** A source that has as many records as it is asked for, up to `most` in all. */
function endless(most = Infinity): Source {
  let given = 0
  return {
    pull(batch, upTo) {
      while (batch.count < upTo && given < most) {
        batch.count++
        given++
      }
      return given < most
    },
  }
}

/** Pulls every `stepMs` for `ms`; returns how many came in each pull. */
function pulled(source: Source, clock: { ms: number }, ms: number, stepMs: number): number[] {
  const counts: number[] = []
  for (const end = clock.ms + ms; clock.ms < end; clock.ms += stepMs) {
    const batch = new Batch(1_024)
    source.pull(batch, 1_024)
    counts.push(batch.count)
  }
  return counts
}

test('paced - a source gives its rate, evenly, and no more', (t) => {
  const clock = { ms: 0 }
  const paced = new Paced(endless(), 20_000, () => clock.ms)
  const counts = pulled(paced, clock, 1_000, 2)
  const total = counts.reduce((sum, count) => sum + count, 0)
  t.true(Math.abs(total - 20_000) <= 41, String(total))
  t.true(counts.slice(1).every((count) => count === 40))
})

test('paced - a rate below one record a pull is kept too', (t) => {
  const clock = { ms: 0 }
  const paced = new Paced(endless(), 3, () => clock.ms)
  t.is(
    pulled(paced, clock, 10_000, 10).reduce((sum, count) => sum + count, 0),
    30,
  )
})

test('paced - after a pause no more comes at once than a twentieth of a second has', (t) => {
  const clock = { ms: 0 }
  const paced = new Paced(endless(), 10_000, () => clock.ms)
  clock.ms = 60_000
  t.deepEqual(pulled(paced, clock, 1, 1), [500])
})

test('paced - it ends when its source does', (t) => {
  const clock = { ms: 0 }
  const paced = new Paced(endless(5), 1_000, () => clock.ms)
  clock.ms = 1_000
  t.false(paced.pull(new Batch(1_024), 1_024))
})
