import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { BookHeap } from '../../../src/book/state/book-heap.ts'
import type { OrderIndex } from '../../../src/book/state/order-index.ts'
import { ORDER_ID_LOW } from '../../../src/book/state/order.ts'
import { readU64, writeU64 } from '../../../src/book/record.ts'
import { NONE, type Pool } from '../../../src/memory/heap.ts'

/** An index with the heap that its slots are in, by whole ids. */
class Ids {
  readonly heap: BookHeap
  readonly orders: Pool
  readonly index: OrderIndex

  constructor(capacity: number) {
    this.heap = new BookHeap(16, capacity)
    this.orders = this.heap.orders
    this.index = this.heap.index
  }

  find(id: number): number {
    return this.index.find(id | 0, Math.floor(id / 2 ** 32))
  }

  insert(id: number): number {
    const slot = this.orders.take()
    const { words } = this.heap
    writeU64(words, slot + ORDER_ID_LOW, id)
    this.index.insert(slot)
    return slot
  }

  remove(id: number): void {
    const slot = this.find(id)
    this.index.remove(slot)
    this.orders.give(slot)
  }
}

/** Ids that a table of 2^k cells and a multiplying hash could be weak for. */
const FAMILIES: readonly [string, (n: number) => number][] = [
  ['in sequence', (n) => n + 1],
  ['equal low halves', (n) => (n + 1) * 2 ** 32 + 5],
  ['low halves of zero', (n) => (n + 1) * 2 ** 32],
  ['from the top down', (n) => 2 ** 53 - 1 - n],
  ['two sequences side by side', (n) => (n % 2) * 2 ** 40 + (n >> 1) + 1],
  ...[3, 8, 12, 16, 20, 24, 28, 31].map((k): [string, (n: number) => number] => [
    `strides of 2^${k}`,
    (n) => ((n + 1) * 2 ** k) % (2 ** 53 - 1),
  ]),
]

for (const [name, idOf] of FAMILIES)
  test(`order index - ids ${name} are all found while the table grows, and none after they are gone`, (t) => {
    const ids = new Ids(16)
    const count = 20_000
    const slots = Array.from({ length: count }, (_, n) => ids.insert(idOf(n)))
    t.is(ids.index.count, count)
    t.true(slots.every((slot, n) => ids.find(idOf(n)) === slot))
    for (let n = 0; n < count; n += 2) ids.remove(idOf(n))
    t.true(slots.every((slot, n) => ids.find(idOf(n)) === (n % 2 === 0 ? NONE : slot)))
    for (let n = 1; n < count; n += 2) ids.remove(idOf(n))
    t.is(ids.index.count, 0)
    t.true(slots.every((_, n) => ids.find(idOf(n)) === NONE))
    t.true(isEmpty(ids.index), 'no bucket keeps a slot')
  })

function isEmpty(index: OrderIndex): boolean {
  return [...index.chains()].length === 0
}

/** How many orders a look-up may have to read at most. */
function longestChain({ index }: Ids): number {
  return Math.max(...[...index.chains()].map(({ length }) => length))
}

test('order index - no family of ids crowds the table', (t) => {
  for (const [name, idOf] of FAMILIES) {
    const ids = new Ids(2 ** 14)
    for (let n = 0; n < 2 ** 15; n++) ids.insert(idOf(n))
    const longest = longestChain(ids)
    t.true(longest < 32, `${name}: ${longest} orders in a chain`)
  }
})

const keys = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 200 }).map((n) => n * 2 ** 32 + 3),
  fc.integer({ min: 1, max: 200 }).map((n) => n * 2 ** 20),
  fc.maxSafeNat().map((n) => n + 1 - (n === Number.MAX_SAFE_INTEGER ? 1 : 0)),
)

/** Inserts ids that are not there and removes those that are, and holds every look-up to a Map. */
function followMap(
  t: ExecutionContext,
  ids: Ids,
  stream: readonly number[],
  expected: Map<number, number>,
): void {
  for (const id of stream) {
    t.is(ids.find(id), expected.get(id) ?? NONE)
    if (expected.delete(id)) ids.remove(id)
    else expected.set(id, ids.insert(id))
  }
  t.is(ids.index.count, expected.size)
  for (const [id, slot] of expected) if (ids.find(id) !== slot) t.fail(`lost ${id}`)
}

test('order index - it does what a Map does', (t) => {
  const stream = fc.array(keys, { maxLength: 600, size: 'max' })
  fc.assert(
    fc.property(stream, (stream) => followMap(t, new Ids(16), stream, new Map())),
    { numRuns: 200 },
  )
})

/** A table for so many orders grows when there are twice as many, and has grown after so many inserts. */
const CAPACITY = 4_096
const FULL = 2 * CAPACITY
const GROWTH_INSERTS = 512

test('order index - it does what a Map does with a migration in every state', (t) => {
  // Buckets carried over before the stream begins: the growth of a table takes 512 inserts of 32 buckets.
  const property = fc.property(
    fc.nat(GROWTH_INSERTS),
    fc.array(keys, { maxLength: 300, size: 'max' }),
    (carried, stream) => {
      const ids = new Ids(CAPACITY)
      const expected = new Map<number, number>()
      for (let n = 0; n < FULL + 1 + carried; n++) {
        const id = 1_000_000 + n * 3
        expected.set(id, ids.insert(id))
      }
      const residents = [...expected.keys()]
      const mixed = stream.flatMap((id, i) => [id, residents[(i * 769 + carried * 31) % residents.length]!])
      followMap(t, ids, mixed, expected)
      for (const id of expected.keys()) ids.remove(id)
      return isEmpty(ids.index)
    },
  )
  fc.assert(property, { numRuns: 60 })
})

test('order index - growth leaves both tables in use until the last bucket is carried over', (t) => {
  const ids = new Ids(CAPACITY)
  for (let n = 1; n <= FULL; n++) ids.insert(n)
  t.false(ids.index.isGrowing, 'growth has not begun')
  ids.insert(FULL + 1)
  t.true(ids.index.isGrowing, 'growth has begun')
  for (let n = FULL + 2; n <= FULL + 1 + GROWTH_INSERTS; n++) ids.insert(n)
  t.false(ids.index.isGrowing, 'growth is over')
  t.is(readU64(ids.heap.words, ids.find(1) + ORDER_ID_LOW), 1)
})
