import test from 'ava'
import * as fc from 'fast-check'
import { Heap, NONE, Pool } from '../../src/memory/heap.ts'

const LINE_WORDS = 16

test('heap - what it gives is zero, of its own, and begins at a cache line', (t) => {
  const heap = new Heap(1)
  let end = 0
  for (let words = 1; words <= 5_000; words++) {
    const at = heap.allocate(words)
    if (at % LINE_WORDS !== 0 || at < Math.max(end, LINE_WORDS)) t.fail(`${words} words at ${at}`)
    if (heap.words.subarray(at, at + words).some((word) => word !== 0)) t.fail(`${words} words are not zero`)
    heap.words.fill(-1, at, at + words)
    end = at + words
  }
  t.true(heap.bytes >= end * 4)
})

test('heap - word 0 is never given out', (t) => {
  t.not(new Heap(1).allocate(1), NONE)
})

test('heap - floats and words are the same memory, before and after it grows', (t) => {
  const heap = new Heap(1)
  const at = heap.allocate(16)
  const { words } = heap
  heap.totals[at / 2] = 2 ** 53 - 1
  while (heap.words === words) heap.allocate(1_000)
  t.is(heap.totals[at / 2], 2 ** 53 - 1)
  const last = heap.allocate(16)
  heap.totals[last / 2] = 1
  t.deepEqual([...heap.words.subarray(last, last + 2)], [...new Int32Array(new Float64Array([1]).buffer)])
  t.is(heap.totals.buffer, heap.words.buffer)
})

test('heap - a view from before a growth still reads what it covers', (t) => {
  const heap = new Heap(1)
  const at = heap.allocate(16)
  const old = heap.words
  while (heap.words === old) heap.allocate(1_000)
  heap.words[at + 3] = 77
  t.is(old[at + 3], 77)
})

test('heap - at the end of memory it gives NONE, and smaller runs as long as there is room', (t) => {
  const heap = new Heap(1)
  heap['arena'].reserve = () => false
  const { length } = heap.words
  t.is(heap.allocate(length), NONE)
  let runs = 0
  while (heap.allocate(LINE_WORDS) !== NONE) runs++
  t.is(runs, length / LINE_WORDS - 1, 'all but the line of word 0')
  t.is(heap.words.length, length)
})

test('pool - the slot given back last is taken first', (t) => {
  const pool = new Pool(new Heap(1), 8)
  const [first, second, third] = [pool.take(), pool.take(), pool.take()]
  pool.give(second)
  pool.give(first)
  t.deepEqual([pool.take(), pool.take()], [first, second])
  t.is(pool.used, 3)
  t.is(pool.take(), third + 8)
})

test('pool - pools in one heap keep their words and never overlap while it grows many times', (t) => {
  const heap = new Heap(1)
  const before = heap.bytes
  const pools = [new Pool(heap, 36), new Pool(heap, 16), new Pool(heap, 5)]
  const slots = Array.from({ length: 30_000 }, (_, i) => {
    const { stride } = pools[i % 3]!
    const at = pools[i % 3]!.take()
    heap.words.fill(i + 1, at, at + stride)
    return { at, stride }
  })
  t.true(heap.bytes > before * 30, `${before} bytes became ${heap.bytes}`)
  for (const [i, { at, stride }] of slots.entries())
    for (let word = 0; word < stride; word++)
      if (heap.words[at + word] !== i + 1) t.fail(`slot ${i}, word ${word}`)
  t.deepEqual(
    pools.map(({ used }) => used),
    [10_000, 10_000, 10_000],
  )
})

test('pool - its chunks are where all of its slots are', (t) => {
  const heap = new Heap(1)
  const [pool, other] = [new Pool(heap, 16), new Pool(heap, 16)]
  const isInChunks = (slot: number): boolean =>
    pool.chunks.some((from, i) => i % 2 === 0 && slot >= from && slot + 16 <= pool.chunks[i + 1]!)
  for (let i = 0; i < 3_000; i++) {
    if (!isInChunks(pool.take())) t.fail(`slot ${i} is in no chunk`)
    if (isInChunks(other.take())) t.fail(`slot ${i} of the other is in a chunk`)
  }
  t.true(pool.chunks.length > 4)
})

test('pool - no slot is held twice, whatever is taken and given, and free ones are used up before it grows', (t) => {
  const property = fc.property(fc.array(fc.nat(), { maxLength: 500, size: 'max' }), (choices) => {
    const pool = new Pool(new Heap(1), 4)
    const held: number[] = []
    const met = new Set<number>()
    let most = 0
    for (const choice of choices) {
      if (choice % 3 === 0 && held.length > 0) pool.give(held.splice(choice % held.length, 1)[0]!)
      else held.push(pool.take())
      for (const slot of held) met.add(slot)
      most = Math.max(most, held.length)
      if (pool.used !== held.length || new Set(held).size !== held.length) return false
    }
    return met.size === most && !met.has(NONE)
  })
  fc.assert(property)
  t.pass()
})

test('pool - at the end of memory it gives NONE and counts nothing, and what is given back may be taken again', (t) => {
  const heap = new Heap(1)
  const pool = new Pool(heap, 16)
  heap['arena'].reserve = () => false
  const slots: number[] = []
  for (let slot = pool.take(); slot !== NONE; slot = pool.take()) slots.push(slot)
  t.true(slots.length > 100)
  t.is(pool.used, slots.length)
  t.is(pool.take(), NONE)
  t.is(pool.used, slots.length)
  pool.give(slots[5]!)
  t.is(pool.take(), slots[5]!)
  t.is(pool.take(), NONE)
})
