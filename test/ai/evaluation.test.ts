import test from 'ava'
import { estimate } from '../../src/ai/evaluation/bootstrap.ts'
import { ShadowOrder } from '../../src/ai/evaluation/shadow-order.ts'
import { Side } from '../../src/book/index.ts'

type Event = readonly [bid: number, bidLots: number, offer: number, offerLots: number, signedLots: number]

/** Plays events at an order to buy 10 lots at 100, behind 30 lots; the book begins with 100 and 104. */
function filledBy(events: readonly Event[], side: number = Side.buy): number[] {
  const order = new ShadowOrder(side, side === Side.buy ? 100 : 104, 10, 30, 1e9)
  let [bid, offer] = [100, 104]
  return events.map(([nextBid, bidLots, nextOffer, offerLots, signed]) => {
    const filled = order.follow(bid, offer, nextBid, bidLots, nextOffer, offerLots, signed)
    ;[bid, offer] = [nextBid, nextOffer]
    return filled
  })
}

test('shadow orders - what stands ahead at the price trades first', (t) => {
  t.deepEqual(
    filledBy([
      [100, 10, 104, 9, -20],
      [100, 5, 104, 9, -12],
      [100, 1, 104, 9, -20],
    ]),
    [0, 2, 8],
  )
})

test('shadow orders - cancels are behind it until fewer are shown than were ahead', (t) => {
  t.deepEqual(
    filledBy([
      [100, 40, 104, 9, 0],
      [100, 5, 104, 9, 0],
      [100, 1, 104, 9, -8],
    ]),
    [0, 0, 3],
  )
})

test('shadow orders - buyers do not fill a buyer', (t) => {
  t.deepEqual(filledBy([[100, 30, 104, 9, 500]]), [0])
})

test('shadow orders - alone at a better price it meets the next seller, and a falling offer fills it', (t) => {
  t.deepEqual(
    filledBy([
      [98, 50, 104, 9, 0],
      [98, 46, 104, 9, -4],
      [98, 46, 104, 9, -50],
    ]),
    [0, 4, 6],
  )
  t.deepEqual(filledBy([[98, 50, 100, 9, 0]]), [10])
})

test('shadow orders - sellers are the mirror of buyers', (t) => {
  t.deepEqual(
    filledBy(
      [
        [100, 9, 104, 10, 20],
        [100, 9, 104, 5, 12],
        [100, 9, 104, 1, 20],
      ],
      Side.sell,
    ),
    [0, 2, 8],
  )
  t.deepEqual(filledBy([[104, 9, 106, 9, 0]], Side.sell), [10])
})

test('bootstrap - an interval holds the mean, narrows with more values, and is the same for the same seed', (t) => {
  const values = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => ((i * 7_919) % 101) / 100)
  const ones = (count: number): number[] => Array.from({ length: count }, () => 1)
  const few = estimate(values(100), ones(100), 1)
  const many = estimate(values(10_000), ones(10_000), 1)
  t.true(few.low < few.mean && few.mean < few.high)
  t.true(many.high - many.low < few.high - few.low)
  t.deepEqual(estimate(values(100), ones(100), 1), few)
  t.notDeepEqual(estimate(values(100), ones(100), 2), few)
  t.is(estimate([1, 5], [1, 0], 1).mean, 1)
  t.true(Number.isNaN(estimate([], [], 1).mean))
})
