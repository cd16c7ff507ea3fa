import test from 'ava'
import fc from 'fast-check'
import { ImpactModel, lotsWithin, worstTicks } from '../../src/ai/impact/impact-model.ts'
import { Slicer, SLICE_ID_BASE, type SliceSchedule } from '../../src/ai/impact/slicer.ts'
import { Batch, newOrder, pushCommand, Side, TimeInForce } from '../../src/book/index.ts'
import { LOTS, ORDER_ID, readU64 } from '../../src/book/record.ts'

const BOOK = [
  { priceTicks: 104, lots: 10 },
  { priceTicks: 106, lots: 20 },
  { priceTicks: 110, lots: 5 },
]

test('impact - the walk through the book is the mean price paid beyond the best', (t) => {
  const model = new ImpactModel({ perOrderFlow: 0.5, squareRoot: 1 })
  const walk = (lots: number): number => model.estimate(0, lots, BOOK, 20).walkTicks
  t.is(walk(10), 0)
  t.is(walk(20), 1)
  t.is(walk(35), (20 * 2 + 5 * 6) / 35)
  t.is(walk(70), (20 * 2 + 40 * 6) / 70, 'what the book cannot fill costs its last price')
  t.is(model.estimate(0, 40, BOOK, 20).flowTicks, 1)
})

test('impact - the square-root law goes with deviation and volume so far', (t) => {
  const model = new ImpactModel({ perOrderFlow: 0, squareRoot: 2 })
  model.observe(0, 100, 1, 102, 1, 0, 0)
  model.observe(0, 103, 1, 105, 1, 300, 5e9)
  t.is(model.estimate(0, 25, BOOK, 1).rootTicks, 0, 'the first ten seconds are not over')
  model.observe(0, 103, 1, 105, 1, -100, 10e9)
  t.is(model.volumeLots(0), 400)
  // The mid went 3 ticks in the first bin: 2 x 3 x sqrt(100 / 400).
  t.is(model.estimate(0, 100, BOOK, 1).rootTicks, 3)
})

test('impact - every estimate rises with the size, and the most lots within a bound are found', (t) => {
  const model = new ImpactModel({ perOrderFlow: 0.3, squareRoot: 1 })
  model.observe(0, 100, 1, 102, 1, 50, 0)
  model.observe(0, 103, 1, 105, 1, 50, 11e9)
  const impact = (lots: number): number => worstTicks(model.estimate(0, lots, BOOK, 10))
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 20, noNaN: true }),
      (lots, bound) => {
        const within = lotsWithin(bound, lots, impact)
        const isMost = within === lots || impact(within + 1) > bound
        return within >= 1 && within <= lots && isMost && (within === 1 || impact(within) <= bound)
      },
    ),
  )
  t.true(impact(20) <= impact(21))
})

interface Cut {
  readonly first: number
  readonly sent: { readonly lots: number; readonly id: number; readonly at: number }[]
  readonly slicer: Slicer
}

/** Cuts an order and lets time and volume pass. */
function cut(
  schedule: SliceSchedule,
  lots: number,
  mostLots: number,
  steps: readonly (readonly [nowNs: number, volume: number])[],
): Cut {
  let volume = 0
  const slicer = new Slicer(schedule, () => volume)
  const batch = new Batch(1)
  pushCommand(
    batch,
    newOrder({ orderId: 9, side: Side.buy, lots, priceTicks: 110, timeInForce: TimeInForce.ioc }),
  )
  slicer.slice(batch.words, 0, mostLots, 0)
  const sent: Cut['sent'] = []
  for (const [nowNs, traded] of steps) {
    volume = traded
    slicer.due(nowNs, (words, at) => {
      sent.push({ lots: words[at + LOTS]!, id: readU64(words, at + ORDER_ID), at: nowNs })
      return true
    })
  }
  return { first: batch.words[LOTS]!, sent, slicer }
}

test('slices - by time they are equal, in step, and add up to the order', (t) => {
  const steps = Array.from({ length: 40 }, (_, i) => [i * 0.5e9, 0] as const)
  const { first, sent, slicer } = cut({ kind: 'twap', slices: 4, everyNs: 1e9 }, 10, 100, steps)
  t.deepEqual([first, ...sent.map(({ lots }) => lots)], [3, 3, 3, 1])
  t.deepEqual(
    sent.map(({ at }) => at),
    [1e9, 2e9, 3e9],
  )
  t.deepEqual(
    sent.map(({ id }) => id - SLICE_ID_BASE),
    [0, 1, 2],
  )
  t.is(slicer.leftLots, 0)
  t.is(slicer.open, 0)
})

test('slices - by volume they are a share of what others trade, never more than the bound', (t) => {
  const steps = [
    [1, 5],
    [2, 30],
    [3, 200],
    [4, 230],
    [5, 1_000],
  ] as const
  const { first, sent, slicer } = cut({ kind: 'pov', share: 0.1 }, 20, 6, steps)
  t.is(first, 6)
  // Of 30 traded 3; of 170 more 17, but no more than 6; of 30 more 3; then what is left.
  t.deepEqual(
    sent.map(({ lots }) => lots),
    [3, 6, 3, 2],
  )
  t.is(slicer.leftLots, 0)
})

test('slices - one that finds no room is due the next time, and none is lost', (t) => {
  const slicer = new Slicer({ kind: 'twap', slices: 2, everyNs: 10 }, () => 0)
  const batch = new Batch(1)
  pushCommand(batch, newOrder({ orderId: 9, side: Side.buy, lots: 10, priceTicks: 110 }))
  slicer.slice(batch.words, 0, 100, 0)
  slicer.due(10, () => false)
  t.is(slicer.leftLots, 5)
  const lots: number[] = []
  slicer.due(11, (words, at) => lots.push(words[at + LOTS]!) > 0)
  t.deepEqual(lots, [5])
})

test('slices - an order becomes a hundred at most, and one that fits is not cut', (t) => {
  const { first } = cut({ kind: 'pov', share: 0.1 }, 10_000, 1, [])
  t.is(first, 100)
  const whole = cut({ kind: 'pov', share: 0.1 }, 10, 10, [])
  t.is(whole.first, 10)
  t.is(whole.slicer.open, 0)
})
