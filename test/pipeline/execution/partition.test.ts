import test from 'ava'
import * as fc from 'fast-check'
import { RECORD_WORDS, type Batch, type Command } from '../../../src/book/index.ts'
import { EventKind, HEAD, headKind, INSTRUMENT, MATCH_LOW } from '../../../src/book/record.ts'
import { registry as operators } from '../../../src/operators/registry.ts'
import { Summary } from '../../../src/operators/index.ts'
import type { Backend } from '../../../src/pipeline/runtime.ts'
import { streams } from '../../support/commands.ts'
import { ListSource, recordsOf } from '../../support/streams.ts'
import { Collector, fileOf, prepared, registryOf } from '../fixtures/run.ts'

const INSTRUMENTS = [
  'instruments:',
  '  WIDE: { tick: 1, lot: 1, referencePrice: 100 }',
  '  NARROW: { tick: 0.5, lot: 10, minPrice: 45, maxPrice: 55, maxQuantity: 500 }',
  '  LARGE: { tick: 0.01, lot: 0.001, referencePrice: 1, maxQuantity: 2147483.647 }',
]

async function run(commands: readonly Command[], workers: number, backend: Backend, batchRecords: number) {
  const events = new Collector()
  let summary: Summary | undefined
  const registry = new Map([
    ...operators,
    ...registryOf({
      source: { gives: 'command', make: () => new ListSource(recordsOf(commands)) },
      sink: { takes: 'event', traits: { readsOnly: true }, make: () => events },
      sum: {
        takes: 'event',
        traits: { readsOnly: true },
        make: ({ market }) => (summary = new Summary(market)),
      },
    }),
  ])
  const spread = workers === 0 ? '' : `, partition: { workers: ${workers} }`
  const text = fileOf(
    [
      'id: source, operator: source',
      'id: validate, operator: validate',
      `id: match, operator: match${spread}`,
      'id: sink, operator: sink',
      'id: sum, operator: sum, inputs: match',
    ],
    INSTRUMENTS,
  )
  await (await prepared(text, registry, { backend, batchRecords })).run()
  return { events: events.all, totals: summary!.totals() }
}

/** Events of one instrument, but for match numbers: each engine counts for itself. */
function linesOf({ words, count }: Batch, instrument: number): string[] {
  return Array.from({ length: count }, (_, i) => words.slice(i * RECORD_WORDS, (i + 1) * RECORD_WORDS))
    .filter((event) => event[INSTRUMENT] === instrument)
    .map((event) => {
      if (headKind(event[HEAD]!) === EventKind.trade) event[MATCH_LOW] = 0
      return event.join()
    })
}

/** What one engine would see of several that workers do not: orders of one id in several instruments. */
const distinct = (commands: readonly Command[]): Command[] =>
  commands.map((command, i) =>
    command.kind === 1 ? { ...command, orderId: i + 1_000, flags: 0, minLots: 0 } : command,
  )

test('partition - workers make of each instrument what one engine makes, and one answer is told of each command', async (t) => {
  let broadcast = 0
  await fc.assert(
    fc.asyncProperty(
      streams('narrow', 150),
      fc.integer({ min: 2, max: 4 }),
      fc.constantFrom(3, 64),
      async (stream, workers, batchRecords) => {
        const commands = distinct(stream)
        const one = await run(commands, 0, 'fused', 64)
        const many = await run(commands, workers, 'fused', batchRecords)
        t.true(one.totals.addsUp)
        t.true(many.totals.addsUp, JSON.stringify(many.totals))
        t.is(many.totals.commands, one.totals.commands)
        for (const instrument of [0, 1, 2])
          t.deepEqual(linesOf(many.events, instrument), linesOf(one.events, instrument))
        broadcast += commands.filter(({ instrument }) => instrument === -1).length
        const plain = await run(commands, workers, 'reference', 64)
        t.deepEqual(plain.events.slice().words, many.events.slice().words)
      },
    ),
    { numRuns: 40 },
  )
  t.true(broadcast > 100)
})
