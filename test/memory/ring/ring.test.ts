import test from 'ava'
import * as fc from 'fast-check'
import { CLOSED, createRing, Ring } from '../../../src/memory/ring/index.ts'
import * as layout from '../../../src/memory/ring/layout.ts'
import { formatRing, RECORD_WORDS, ringBytes } from '../../../src/memory/ring/layout.ts'

/** Records whose first word counts up and whose last is its complement. */
function numbered(from: number, count: number): Int32Array {
  const words = new Int32Array(count * RECORD_WORDS)
  for (let i = 0; i < count; i++) {
    words[i * RECORD_WORDS] = from + i
    words[i * RECORD_WORDS + 15] = ~(from + i)
  }
  return words
}

function numbers(words: Int32Array, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const number = words[i * RECORD_WORDS]!
    return words[i * RECORD_WORDS + 15] === ~number ? number : NaN
  })
}

const steps = fc.array(
  fc.record({
    does: fc.constantFrom('write', 'read', 'take', 'release'),
    count: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 120 },
)

for (const producers of [1, 2])
  test(`ring - it does what a plain list does, whatever the order of calls (${producers} producers)`, (t) => {
    const property = fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.integer(),
      steps,
      (power, startAt, calls) => {
        const capacity = 2 ** power
        const ring = createRing({ capacity, producers, startAt })
        const [writer, reader] = [ring.writer(), ring.reader()]
        const waiting: number[] = []
        const batches: number[] = []
        let [next, taken, freed] = [0, 0, 0]
        const into = new Int32Array(40 * RECORD_WORDS)
        /** Room comes back when records are released; where producers are many, by whole batches. */
        const release = (): void => {
          while (batches.length > 0 && taken >= batches[0]!) {
            freed += batches[0]!
            taken -= batches.shift()!
          }
          if (producers === 2 || taken === 0) return
          batches[0]! -= taken
          freed += taken
          taken = 0
        }
        for (const { does, count } of calls) {
          const held = next - freed
          t.is(writer.room(), capacity - held)
          t.is(ring.depth(), held)
          if (does === 'write') {
            const written = writer.write(numbered(next, count), 0, count)
            t.is(written, Math.min(count, capacity - held))
            if (written > 0) batches.push(written)
            for (let i = 0; i < written; i++) waiting.push(next++)
          } else if (does === 'release') {
            reader.release()
            release()
          } else {
            const read = does === 'read' ? reader.read(into, count) : reader.take(into, count)
            t.deepEqual(numbers(into, read), waiting.splice(0, Math.min(count, waiting.length)))
            taken += read
            if (does === 'read' && read > 0) release()
          }
        }
      },
    )
    fc.assert(property, { numRuns: 300 })
    t.pass()
  })

test('ring - a part of an array is written, and read to a place in another', (t) => {
  const ring = createRing({ capacity: 8 })
  t.is(ring.writer().write(numbered(0, 10), 3, 4), 4)
  const into = new Int32Array(6 * RECORD_WORDS)
  t.is(ring.reader().read(into, 3, 2), 3)
  t.deepEqual(numbers(into.subarray(2 * RECORD_WORDS), 3), [3, 4, 5])
  t.is(into[RECORD_WORDS], 0)
})

test('ring - what is put in shows only when it is published', (t) => {
  const ring = new Ring(createRing({ capacity: 8 }).buffer)
  const [writer, reader] = [ring.writer(), ring.reader()]
  if (!('put' in writer)) throw new Error('one producer expected')
  t.is(writer.put(numbered(0, 3), 0, 3), 3)
  t.is(writer.put(numbered(3, 2), 0, 2), 2)
  t.is(reader.read(new Int32Array(128), 8), 0)
  writer.publish()
  t.is(reader.read(new Int32Array(128), 8), 5)
})

test('ring - what was taken and not released is there for the next consumer', (t) => {
  const ring = createRing({ capacity: 4 })
  const writer = ring.writer()
  writer.write(numbered(0, 4), 0, 4)
  const into = new Int32Array(4 * RECORD_WORDS)
  const first = ring.reader()
  t.is(first.read(into, 1), 1)
  t.is(first.take(into, 2), 2)
  t.is(writer.room(), 1)
  const second = ring.reader()
  t.is(second.read(into, 4), 3)
  t.deepEqual(numbers(into, 3), [1, 2, 3])
  t.is(writer.room(), 4)
})

for (const producers of [1, 2]) {
  test(`ring - the end comes when all is read and every producer is through (${producers})`, (t) => {
    const ring = createRing({ capacity: 4, producers })
    const writers = Array.from({ length: producers }, () => ring.writer())
    const reader = ring.reader()
    const into = new Int32Array(4 * RECORD_WORDS)
    writers[0]!.write(numbered(0, 2), 0, 2)
    for (const writer of writers) {
      t.is(reader.read(into, 0), 0)
      writer.end()
    }
    t.is(reader.read(into, 4), 2)
    t.is(reader.read(into, 4), CLOSED)
    t.is(reader.read(into, 4), CLOSED)
  })

  test(`ring - broken off by either side, nobody waits any longer (${producers})`, async (t) => {
    for (const side of ['writer', 'reader'] as const) {
      const ring = createRing({ capacity: 1, producers })
      const [writer, reader] = [ring.writer(), ring.reader()]
      const records = reader.waitForRecords()
      ring[side]().abort()
      t.true(await records)
      t.true(writer.isAborted && reader.isAborted)
      t.is(reader.read(new Int32Array(RECORD_WORDS), 1), CLOSED)
      writer.write(numbered(0, 1), 0, 1)
      t.true(await writer.waitForRoom())
      t.is(writer.write(numbered(1, 1), 0, 1), CLOSED)
    }
  })

  test(`ring - who waits is woken by what it waits for and no sooner (${producers})`, async (t) => {
    const ring = createRing({ capacity: 4, producers })
    const [writer, reader] = [ring.writer(0), ring.reader(0)]
    const into = new Int32Array(4 * RECORD_WORDS)
    const records = reader.waitForRecords()
    writer.write(numbered(0, 1), 0, 1)
    t.true(await records)
    for (let i = 1; i < 4; i++) writer.write(numbered(i, 1), 0, 1)
    let isWoken = false
    const room = writer.waitForRoom(3).then((found) => (isWoken = found))
    for (let i = 0; i < 2; i++) {
      reader.read(into, 1)
      await new Promise(setImmediate)
      t.false(isWoken, `room for ${i + 1} of 3`)
    }
    reader.read(into, 1)
    t.true(await room)
    t.false(await writer.waitForRoom(4, 5), 'in time')
  })
}

test('ring - the age of the oldest record is that of its batch, and there is none when all is read', (t) => {
  for (const producers of [1, 2]) {
    const ring = createRing({ capacity: 8, producers })
    const [writer, reader] = [ring.writer(), ring.reader()]
    const into = new Int32Array(8 * RECORD_WORDS)
    t.is(ring.oldestStampUs(), 0)
    writer.write(numbered(0, 3), 0, 3, 1_000)
    writer.write(numbered(3, 2), 0, 2, 2_000.5)
    t.is(ring.oldestStampUs(), 1_000)
    reader.read(into, 2)
    t.is(ring.oldestStampUs(), 1_000)
    reader.read(into, 1)
    t.is(ring.oldestStampUs(), 2_000.5)
    reader.read(into, 8)
    t.is(ring.oldestStampUs(), 0)
  }
})

test('ring - more batches than there is room for stamps are told as old as the oldest of them, or older', (t) => {
  const ring = createRing({ capacity: 1_024 })
  const [writer, reader] = [ring.writer(), ring.reader()]
  const into = new Int32Array(RECORD_WORDS)
  for (let i = 0; i < 1_024; i++) writer.write(numbered(i, 1), 0, 1, i + 1)
  for (let i = 0; i < 1_024; i++) {
    const told = ring.oldestStampUs()
    t.true(told > 0 && told <= i + 1, `record ${i} is told to be from ${told}`)
    reader.read(into, 1)
  }
  t.is(ring.oldestStampUs(), 0)
})

test('ring - the high-water mark is the most that ever waited', (t) => {
  for (const producers of [1, 2]) {
    const ring = createRing({ capacity: 16, producers })
    const [writer, reader] = [ring.writer(), ring.reader()]
    const into = new Int32Array(16 * RECORD_WORDS)
    for (const [written, read] of [
      [3, 3],
      [7, 7],
      [5, 5],
    ] as const) {
      writer.write(numbered(0, written), 0, written)
      t.is(reader.read(into, 16), read)
    }
    t.is(ring.highWater(), 7)
  }
})

test('ring - a capacity that is not a power of two, and memory that is too small, are refused', (t) => {
  for (const capacity of [0, 3, 1.5, 2 ** 25])
    t.throws(() => createRing({ capacity }), { instanceOf: RangeError })
  t.throws(() => createRing({ capacity: 8, producers: 0 }), { instanceOf: RangeError })
  const bytes = ringBytes({ capacity: 8 })
  t.throws(() => formatRing(new ArrayBuffer(bytes - 1), { capacity: 8 }), { message: /takes \d+ bytes/ })
})

test('ring - memory that is no ring, or one of another kind, is refused with the reason', (t) => {
  const good = new ArrayBuffer(ringBytes({ capacity: 8 }))
  formatRing(good, { capacity: 8 })
  t.is(new Ring(good).capacity, 8)
  t.throws(() => new Ring(new ArrayBuffer(4)), { message: 'not a ring of records' })
  t.throws(() => new Ring(new ArrayBuffer(4_096)), { message: 'not a ring of records' })
  t.throws(() => new Ring(good.slice(0, good.byteLength - 4)), { message: /cut short/ })
  const wrong: readonly (readonly [number, number, RegExp])[] = [
    [layout.VERSION, 2, /format version 2, this program knows 1/],
    [layout.RECORD_BYTES, 32, /records of 32 bytes/],
    [layout.CAPACITY, 7, /capacity of 7/],
    [layout.CAPACITY, -8, /capacity of -8/],
    [layout.KIND, 3, /unknown kind 3/],
    [layout.SPACING, 0, /lines of 0 words/],
    [layout.STAMPS, 1, /room for 1 stamps/],
  ]
  for (const [at, value, message] of wrong) {
    const bad = good.slice(0)
    new Int32Array(bad)[at] = value
    t.throws(() => new Ring(bad), { instanceOf: RangeError, message })
  }
})

test('ring - the two sides never write to the same cache line', (t) => {
  const ring = createRing({ capacity: 8, producers: 2 })
  const { tail, head, claim, consumerWants, producerWants, producerHighWater } = ring.layout
  const lines = [0, tail, head, claim, consumerWants, producerWants, producerHighWater].map((at) => at >> 5)
  t.is(new Set(lines).size, lines.length)
  t.is(ring.layout.recordsAt % 32, 0)
})

test('ring - over memory that is not shared, as a mapped file is, a wait ends too', async (t) => {
  const buffer = new ArrayBuffer(ringBytes({ capacity: 8 }))
  formatRing(buffer, { capacity: 8 })
  const ring = new Ring(buffer)
  const [writer, reader] = [ring.writer(), ring.reader(0)]
  const woken = reader.waitForRecords()
  setTimeout(() => writer.write(numbered(0, 1), 0, 1), 30)
  t.true(await woken)
  t.is(reader.read(new Int32Array(RECORD_WORDS), 1), 1)
  t.false(await reader.waitForRecords(20))
  t.false(reader.blockForRecords(5))
})
