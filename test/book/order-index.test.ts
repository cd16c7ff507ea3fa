import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { OrderIndex } from '../../src/book/order-index.ts'
import { ORDER_ID_HIGH, ORDER_ID_LOW, ORDER_WORDS } from '../../src/book/order.ts'
import { readU64, writeU64 } from '../../src/book/record.ts'
import { NONE, Slab } from '../../src/memory/slab.ts'

/** An index with the slab that its slots are of, by whole ids. */
class Ids {
  readonly slab = new Slab(ORDER_WORDS, 16)
  readonly index: OrderIndex

  constructor(capacity: number) {
    this.index = new OrderIndex(capacity, this.slab)
  }

  find(id: number): number {
    return this.index.find(id | 0, Math.floor(id / 2 ** 32))
  }

  insert(id: number): number {
    const slot = this.slab.take()
    writeU64(this.slab.words, slot * ORDER_WORDS + ORDER_ID_LOW, id)
    const at = slot * ORDER_WORDS
    this.index.insert(this.slab.words[at + ORDER_ID_LOW]!, this.slab.words[at + ORDER_ID_HIGH]!, slot)
    return slot
  }

  remove(id: number): void {
    const slot = this.find(id)
    this.index.remove(id | 0, Math.floor(id / 2 ** 32), slot)
    this.slab.give(slot)
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
    t.true(isEmpty(ids.index), 'no cell keeps a slot')
  })

function isEmpty(index: OrderIndex): boolean {
  return [index['cells'], index['old'] ?? []].every((cells) =>
    cells.every((word, i) => i % 2 === 0 || word <= NONE),
  )
}

/** Longest run of cells that a look-up may have to read. */
function longestRun(index: OrderIndex): number {
  const cells = index['cells']
  let [run, longest] = [0, 0]
  for (let cell = 1; cell < cells.length; cell += 2) {
    run = cells[cell] === NONE ? 0 : run + 1
    longest = Math.max(longest, run)
  }
  return longest
}

test('order index - no family of ids crowds the table', (t) => {
  for (const [name, idOf] of FAMILIES) {
    const ids = new Ids(2 ** 15)
    for (let n = 0; n < 2 ** 15; n++) ids.insert(idOf(n))
    const longest = longestRun(ids.index)
    t.true(longest < 2_000, `${name}: ${longest} cells in a row`)
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

test('order index - it does what a Map does with a migration in every state', (t) => {
  // Cells carried over before the stream begins: a table of 8,192 takes 256 inserts of 32 cells.
  const property = fc.property(
    fc.nat(256),
    fc.array(keys, { maxLength: 300, size: 'max' }),
    (carried, stream) => {
      const ids = new Ids(4_096)
      const expected = new Map<number, number>()
      for (let n = 0; n < 4_096 + 1 + carried; n++) {
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

test('order index - growth leaves both tables in use until the last cell is carried over', (t) => {
  const ids = new Ids(4_096)
  for (let n = 1; n <= 4_097; n++) ids.insert(n)
  t.not(ids.index['old'], undefined, 'growth has begun')
  const during = ids.index.bytes
  for (let n = 4_098; n <= 4_097 + 256; n++) ids.insert(n)
  t.is(ids.index['old'], undefined, 'growth is over')
  t.true(ids.index.bytes < during)
  t.is(readU64(ids.slab.words, ids.find(1) * ORDER_WORDS + ORDER_ID_LOW), 1)
})
