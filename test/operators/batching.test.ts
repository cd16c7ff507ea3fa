import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { lastValueFrom } from 'rxjs'
import { readEvents, type EngineEvent } from '../../src/book/index.ts'
import { fromStep, ingest, Market, match, validate } from '../../src/operators/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-batching-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const ids = fc.constantFrom('a', 'b', 'c', 'd')
const symbols = fc.constantFrom('X', 'Y', 'Z', 'new')
const state = fc.constantFrom('halted', 'continuous', 'pre-open')
const quantity = fc.integer({ min: 1, max: 9 })
const price = fc.integer({ min: 1, max: 3 })
const line = fc.oneof(
  fc.record({ id: ids, symbol: symbols, side: fc.constantFrom('buy', 'sell'), price, quantity }),
  fc.record({ op: fc.constant('amend'), id: ids, quantity }),
  fc.record({ op: fc.constant('amend'), id: ids, price }),
  fc.record({ op: fc.constant('cancel'), id: ids }),
  fc.record({ op: fc.constant('replace'), id: ids, newId: ids, price }),
  fc.record({ op: fc.constant('state'), state }),
  fc.record({ op: fc.constant('state'), state, symbol: symbols }),
  fc.record({ op: fc.constant('mass-cancel'), symbol: symbols }),
)

/** What lines of JSON cause, with so many commands to a batch. */
async function eventsOf(
  lines: readonly unknown[],
  batchRecords: number,
  rememberIds: number,
): Promise<EngineEvent[]> {
  const file = join(folder, `${batchRecords}-${rememberIds}.ndjson`)
  writeFileSync(file, lines.map((one) => `${JSON.stringify(one)}\n`).join(''))
  // Z has another tick, so an amend that is read for the wrong instrument shows in its price too.
  const market = new Market(
    [
      { symbol: 'X', tick: '1', lot: '1' },
      { symbol: 'Y', tick: '1', lot: '1' },
      { symbol: 'Z', tick: '0.5', lot: '1' },
    ],
    { defaultInstrument: { tick: '1', lot: '1' } },
  )
  const events: EngineEvent[] = []
  const collect = ingest(market, { orders: { file } }, { batchRecords }).pipe(
    validate(market, { rememberIds }),
    match(market),
    fromStep(() => ({
      process: (words, at) => {
        events.push(...readEvents({ words: words.subarray(at, at + 16), count: 1 } as never))
      },
    })),
  )
  await lastValueFrom(collect, { defaultValue: undefined })
  return events
}

for (const rememberIds of [0, 1_000])
  test(`batches - what becomes of orders does not hang on where batches end (${rememberIds} ids remembered)`, async (t) => {
    const property = fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (lines) => {
      const one = await eventsOf(lines, 1, rememberIds)
      for (const size of [2, 7, 1_024])
        t.deepEqual(await eventsOf(lines, size, rememberIds), one, `${size} to a batch`)
    })
    await fc.assert(property, { numRuns: 100 })
  })

test('batches - an amend without a symbol finds the order that is live, not the one that was refused', async (t) => {
  const lines = [
    { id: 'a', symbol: 'X', side: 'buy', price: 1, quantity: 5 },
    { id: 'a', symbol: 'Y', side: 'buy', price: 1, quantity: 5 },
    { op: 'amend', id: 'a', quantity: 3 },
  ]
  const events = await eventsOf(lines, 1_024, 500)
  t.like(events.at(-1), { instrument: 0, openLots: 3 })
})
