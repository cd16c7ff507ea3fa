import test from 'ava'
import * as fc from 'fast-check'
import { RecentIds } from '../../src/operators/recent-ids.ts'
import { seededInts } from '../support/commands.ts'

/** Adds ids below 2^53, by their halves. */
function adder(remembered: number): (id: number) => boolean {
  const ids = new RecentIds(remembered)
  return (id) => ids.add(id | 0, Math.floor(id / 2 ** 32))
}

test('recent ids - an id is new once and known afterwards', (t) => {
  const add = adder(4)
  t.false(add(7))
  t.true(add(7))
  t.false(add(8))
  t.true(add(7))
})

test('recent ids - ids that share a half are not taken for one another', (t) => {
  const add = adder(64)
  const ids = [1, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 1, 2 ** 31, 2 ** 53 - 1, 2 ** 32 - 1]
  t.deepEqual(
    ids.map(add),
    ids.map(() => false),
  )
  t.deepEqual(
    ids.map(add),
    ids.map(() => true),
  )
})

test('recent ids - nor are they where many of them crowd the same cells', (t) => {
  const add = adder(1_000)
  const ids = Array.from({ length: 1_000 }, (_, i) => (i >>> 2) * 2 ** 32 + (i & 3) + 1)
  t.deepEqual(ids.filter(add), [])
  t.deepEqual(ids.filter(add), ids)
})

test('recent ids - so many are remembered at least, and twice as many at most', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 600 }),
      (remembered, stream) => {
        const add = adder(remembered)
        /** Distinct ids in the order they were taken in. */
        let taken: number[] = []
        for (const id of stream) {
          const isNew = !taken.includes(id)
          const mustBeKnown = taken.slice(-remembered).includes(id)
          const mustBeNew = isNew || !taken.slice(-2 * remembered).includes(id)
          const wasKnown = add(id)
          if ((mustBeKnown && !wasKnown) || (mustBeNew && wasKnown)) return false
          if (!wasKnown) taken = [...taken.filter((other) => other !== id), id]
        }
        return true
      },
    ),
    { numRuns: 300 },
  )
  t.pass()
})

test('recent ids - a window of one knows the id that came last', (t) => {
  const add = adder(1)
  t.false(add(1))
  t.true(add(1))
  t.false(add(2))
  t.false(add(3))
  t.false(add(1))
})

test('recent ids - a long stream of random ids is remembered as one of counted ids is', (t) => {
  const below = seededInts(1)
  const add = adder(1_000)
  const window: number[] = []
  for (let i = 0; i < 50_000; i++) {
    const id = below(2 ** 31) * 2 ** 21 + below(2 ** 21) + 1
    if (add(id)) t.fail(`${id} is new`)
    window.push(id)
    if (window.length > 1_000) window.shift()
    if (!add(window[below(window.length)]!)) t.fail('one of the last thousand is known')
  }
  t.pass()
})

test('recent ids - are remembered by one that takes up a snapshot, of its own size and of another', (t) => {
  const ids = new RecentIds(100)
  for (let id = 1; id <= 250; id++) ids.add(id, id % 3)
  for (const remembered of [100, 400]) {
    const other = new RecentIds(remembered)
    other.restore(ids.snapshot())
    for (let id = 151; id <= 250; id++) t.true(other.add(id, id % 3), `${id} of ${remembered}`)
    t.false(other.add(1, 1), 'what was forgotten stays so')
  }
  const same = new RecentIds(100)
  same.restore(ids.snapshot())
  for (let id = 300; id < 480; id++) t.is(same.add(id, 0), ids.add(id, 0))
  t.deepEqual(same.snapshot(), ids.snapshot())
  t.throws(() => new RecentIds(10).restore(new Uint8Array(12)), { instanceOf: RangeError })
})
