import test from 'ava'
import { Batch, newOrder, pushCommand, RECORD_WORDS, Side } from '../../src/book/index.ts'
import { ORDER_ID } from '../../src/book/record.ts'
import { fromStep } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import { observeSource } from '../../src/pipeline/pump.ts'
import { anyRecords, ended, ListSource, sequencesOf, stepOf } from '../support/streams.ts'

function record(orderId: number): Int32Array {
  const batch = new Batch(1)
  pushCommand(batch, newOrder({ orderId, side: Side.buy, lots: 1, priceTicks: 1 }))
  return batch.words
}

/** Runs ten records, one of which makes a stage send more, and gives the ids and sequences that come through. */
async function sent(count: number, limit?: number): Promise<{ ids: number[]; sequences: number[] }> {
  const market = new Market()
  const ids: number[] = []
  const sequences: number[] = []
  let left = count
  const stage = stepOf((words, at) => {
    ids.push(words[at + ORDER_ID]!)
    if (left > 0 && words[at + ORDER_ID]! >= 5) market.inlet.push(record(1_000 + left--), 0)
  })
  const source = new ListSource(anyRecords(10), [3])
  await ended(observeSource(source, market, { limit }).pipe(fromStep(() => stage)), {
    next: (batch) => sequences.push(...sequencesOf(batch)),
  })
  return { ids, sequences }
}

test('inlet - what stages send goes in before what is pulled next, numbered like all others', async (t) => {
  const { ids, sequences } = await sent(2)
  t.deepEqual(ids, [1, 2, 3, 4, 5, 6, 1_002, 1_001, 7, 8, 9, 10])
  t.deepEqual(
    sequences,
    Array.from({ length: 12 }, (_, i) => i + 1),
  )
})

test('inlet - what is sent by the last records goes in too, and by those that were sent', async (t) => {
  const { ids } = await sent(12)
  t.is(ids.length, 22)
  t.is(new Set(ids).size, 22)
})

test('inlet - what stages send does not count among what the source is asked for', async (t) => {
  const { ids } = await sent(2, 7)
  t.deepEqual(ids, [1, 2, 3, 4, 5, 6, 1_002, 1_001, 7])
})

test('inlet - gives no more than there is room for', (t) => {
  const { inlet } = new Market()
  for (let id = 1; id <= 40; id++) t.true(inlet.push(record(id), 0))
  const batch = new Batch(16)
  const ids: number[] = []
  while (!inlet.isEmpty) {
    batch.count = 0
    inlet.drain(batch, 16)
    for (let i = 0; i < batch.count; i++) ids.push(batch.words[i * RECORD_WORDS + ORDER_ID]!)
  }
  t.deepEqual(
    ids,
    Array.from({ length: 40 }, (_, i) => i + 1),
  )
})
