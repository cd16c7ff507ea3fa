import test from 'ava'
import * as fc from 'fast-check'
import { newOrder, Side, type Batch, type Command } from '../../../src/book/index.ts'
import { CLIENT, LOTS } from '../../../src/book/record.ts'
import type { AsyncStep, Step } from '../../../src/pipeline/operator.ts'
import type { Backend } from '../../../src/pipeline/runtime.ts'
import { ListSource, recordsOf, stepOf } from '../../support/streams.ts'
import { Collector, copying, fileOf, prepared, registryOf } from '../fixtures/run.ts'

/** A stage of a random graph: what it does, and which earlier stages it takes from. */
interface RandomStage {
  readonly operator: 'add' | 'count' | 'copy' | 'wait' | 'look' | 'fork'
  readonly inputs: readonly number[]
  readonly isBoundary: boolean
}

/** Adds to a field that no other stage reads. */
const add = (): Step =>
  stepOf((words, at) => {
    words[at + LOTS]! += 3
  })

/** What it writes depends on all it has seen. */
function count(): Step {
  let seen = 0
  return stepOf((words, at) => {
    words[at + CLIENT] = (words[at + CLIENT]! * 31 + ++seen) & 0xffff
  })
}

const wait = (): AsyncStep => ({
  processAsync: async (batch: Batch) => {
    await Promise.resolve()
    for (let i = 0; i < batch.count; i++) batch.words[i * 16 + LOTS]! *= 2
  },
})

const stage: fc.Arbitrary<RandomStage> = fc.record({
  operator: fc.constantFrom('add', 'count', 'copy', 'wait', 'look', 'fork'),
  inputs: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
  isBoundary: fc.boolean(),
})

/** The graph as a file. Where several stages come together they do so by sequence; every end has a sink. */
function textOf(
  stages: readonly RandomStage[],
  capacity: number,
  policy: string,
): { text: string; sinks: number } {
  const lines = ['id: source, operator: source']
  /** What can be taken from, and how often it is. */
  const outlets = ['source']
  const taken = new Map<string, number>()
  const take = (index: number): string => {
    const outlet = outlets[index % outlets.length]!
    taken.set(outlet, (taken.get(outlet) ?? 0) + 1)
    return outlet
  }
  const edges: string[] = []
  for (const [index, { operator, inputs, isBoundary }] of stages.entries()) {
    const from = [...new Set(inputs)].map(take)
    const distinct = [...new Set(from)]
    let input = distinct[0]!
    if (distinct.length > 1) {
      lines.push(`id: merge${index}, operator: merge, order: sequence, inputs: [${distinct.join(', ')}]`)
      input = `merge${index}`
    }
    const id = `s${index}`
    if (operator === 'fork') {
      lines.push(
        `id: ${id}, operator: switch, inputs: ${input}, branches: { odd: { when: { client: ['7', '9'] } }, even: {} }`,
      )
      outlets.push(`${id}.odd`, `${id}.even`)
    } else {
      const boundary = isBoundary ? ', boundary: true' : ''
      lines.push(`id: ${id}, operator: ${operator}, inputs: ${input}${boundary}`)
      outlets.push(id)
    }
    if (index % 2 === 0)
      edges.push(`- { from: ${input}, to: ${id}, capacity: ${capacity}, whenFull: ${policy} }`)
  }
  const ends = outlets.filter((outlet) => !taken.has(outlet))
  for (const [index, end] of ends.entries()) lines.push(`id: sink${index}, operator: sink, inputs: ${end}`)
  return { text: fileOf(lines, ['edges:', ...edges]), sinks: ends.length }
}

async function outcome(
  text: string,
  commands: readonly Command[],
  backend: Backend,
  batchRecords: number,
  sizes: readonly number[],
): Promise<Record<string, string[]>> {
  const collectors: Record<string, Collector> = {}
  const registry = registryOf({
    source: { make: () => new ListSource(recordsOf(commands), sizes) },
    add: { takes: 'event', make: add },
    count: { takes: 'event', make: count },
    copy: { takes: 'event', make: () => copying(2) },
    look: { takes: 'event', traits: { readsOnly: true }, make: () => stepOf(() => {}) },
    wait: { takes: 'event', traits: { isAsync: true }, make: wait },
    sink: {
      takes: 'event',
      traits: { readsOnly: true },
      make: ({ id }) => (collectors[id] = new Collector()),
    },
  })
  const pipeline = await prepared(text, registry, { backend, batchRecords })
  await pipeline.run()
  return Object.fromEntries(Object.entries(collectors).map(([id, collector]) => [id, collector.lines()]))
}

test('back ends - random graphs come out the same from the fused one and the plain one', async (t) => {
  let records = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(stage, { minLength: 1, maxLength: 7 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 3, 64),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(1, 2, 5, 1_000),
      fc.constantFrom('block', 'spill'),
      async (stages, clients, batchRecords, sizes, capacity, policy) => {
        const commands = clients.map((client, i) =>
          newOrder({ orderId: i + 1, side: Side.buy, lots: 1, priceTicks: 100, client }),
        )
        const { text, sinks } = textOf(stages, capacity, policy)
        const plain = await outcome(text, commands, 'reference', 64, [Infinity])
        const fused = await outcome(text, commands, 'fused', batchRecords, sizes)
        t.is(Object.keys(plain).length, sinks)
        t.deepEqual(fused, plain, text)
        records += Object.values(plain).flat().length
      },
    ),
    { numRuns: 120 },
  )
  t.true(records > 1_000)
})
