import test from 'ava'
import { newOrder, readEvents, Side, type Command } from '../../../src/book/index.ts'
import { EventKind, ORDER_ID } from '../../../src/book/record.ts'
import { RejectCode } from '../../../src/book/reject-code.ts'
import { registry as operators } from '../../../src/operators/registry.ts'
import type { Gate } from '../../../src/pipeline/gate.ts'
import type { Registry } from '../../../src/pipeline/operator.ts'
import { gateway, ListSource, recordsOf, stepOf, anyRecords, turns } from '../../support/streams.ts'
import { Collector, copying, fileOf, prepared, registryOf, type Made } from '../fixtures/run.ts'

/** A sink that holds its gate from the first record on, until it is let go. */
function stalled(into: Collector): { readonly made: Made; readonly letGo: () => void } {
  let gate: Gate | undefined
  let isHolding = true
  let holds = 0
  const made: Made = {
    takes: 'event',
    traits: { readsOnly: true, isIo: true },
    make: ({ market }) => {
      gate = market.gate
      return stepOf((words, at) => {
        into.process(words, at)
        if (!isHolding || holds > 0) return
        holds++
        market.gate.close()
      })
    },
  }
  const letGo = (): void => {
    isHolding = false
    for (; holds > 0; holds--) gate!.open()
  }
  return { made, letGo }
}

const STAGES = [
  'id: source, operator: source',
  'id: work, operator: work',
  'id: slow, operator: slow',
  'id: quick, operator: quick, inputs: work',
]

test('stalled consumer - it is named as the root cause, the pressure reaches the source, and all arrives in the end', async (t) => {
  const [slow, quick] = [new Collector(), new Collector()]
  const { made, letGo } = stalled(slow)
  const source = new ListSource(anyRecords(5_000), [10])
  const registry = registryOf({
    source: { make: () => source },
    work: { takes: 'event', make: () => copying(2) },
    slow: made,
    quick: { takes: 'event', traits: { readsOnly: true }, make: () => quick },
  })
  const edges = ['edges:', '- { from: work, to: slow, capacity: 100 }']
  const pipeline = await prepared(fileOf(STAGES, edges), registry, { batchRecords: 8 })
  const over = pipeline.run()
  await turns(60)
  const stats = pipeline.stats()
  const [first, second] = stats.islands
  t.is(first!.state, 'blocked')
  t.is(first!.blockedOn, 'work->slow')
  t.true(first!.blockedNs > 0 && first!.blockedByNs['work->slow'] === first!.blockedNs)
  t.is(second!.state, 'held')
  t.is(stats.rootCause?.island, 'slow')
  t.is(stats.rootCause?.why, 'held')
  t.deepEqual(stats.rootCause?.victims, ['source'])
  const [edge] = stats.edges
  t.true(edge!.depth >= 90 && edge!.depth <= 116, `${edge!.depth} wait`)
  t.true(edge!.oldestAgeNs > 0)
  const pulls = source.pulls
  await turns()
  t.is(source.pulls, pulls, 'nothing is read while there is no room')
  letGo()
  const report = await over
  t.is(slow.all.count, 10_000)
  t.deepEqual(slow.lines(), quick.lines())
  t.is(report.stats.edges[0]!.read, 10_000)
})

for (const [policy, name] of [
  ['dropNewest', 'droppedNewest'],
  ['dropOldest', 'droppedOldest'],
  ['conflate', 'conflated'],
  ['sample', 'sampledOut'],
] as const)
  test(`stalled consumer - behind an edge with ${policy} it holds nobody up, and what is lost is counted`, async (t) => {
    const [slow, quick] = [new Collector(), new Collector()]
    const { made, letGo } = stalled(slow)
    const registry = registryOf({
      source: { make: () => new ListSource(anyRecords(2_000), [10]) },
      work: { takes: 'event', make: () => stepOf(() => {}) },
      slow: made,
      quick: { takes: 'event', traits: { readsOnly: true }, make: () => quick },
    })
    const edge = `- { from: work, to: slow, capacity: 50, whenFull: ${policy}, allowLoss: true }`
    const pipeline = await prepared(fileOf(STAGES, ['edges:', edge]), registry, { batchRecords: 8 })
    const over = pipeline.run()
    await turns(60)
    t.is(quick.all.count, 2_000, 'everyone else is done')
    t.is(pipeline.stats().rootCause, undefined)
    letGo()
    const { stats } = await over
    const { offered, read, drops } = stats.edges[0]!
    const lost = Object.values(drops).reduce((sum, count) => sum + count, 0)
    t.is(offered, 2_000)
    t.true(drops[name]! > 1_000)
    t.is(read + lost, 2_000)
    t.is(slow.all.count, read)
  })

test('stalled consumer - behind an edge that spills it holds nobody up, and all of it arrives in order', async (t) => {
  const [slow, quick] = [new Collector(), new Collector()]
  const { made, letGo } = stalled(slow)
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(3_000)) },
    work: { takes: 'event', make: () => stepOf(() => {}) },
    slow: made,
    quick: { takes: 'event', traits: { readsOnly: true }, make: () => quick },
  })
  const edges = ['edges:', '- { from: work, to: slow, capacity: 50, whenFull: spill }']
  const pipeline = await prepared(fileOf(STAGES, edges), registry)
  const over = pipeline.run()
  await turns(60)
  t.is(quick.all.count, 3_000)
  t.true(pipeline.stats().edges[0]!.spilled > 1_000)
  letGo()
  await over
  t.deepEqual(slow.lines(), quick.lines())
})

test('stalled consumer - behind an edge with error it ends the run', async (t) => {
  const { made } = stalled(new Collector())
  const registry = registryOf({
    source: { make: () => new ListSource(anyRecords(3_000)) },
    work: { takes: 'event', make: () => stepOf(() => {}) },
    slow: made,
    quick: { takes: 'event', traits: { readsOnly: true }, make: () => new Collector() },
  })
  const edges = ['edges:', '- { from: work, to: slow, capacity: 50, whenFull: error }']
  const pipeline = await prepared(fileOf(STAGES, edges), registry)
  await t.throwsAsync(pipeline.run(), { message: /the edge work->slow is full/ })
})

test('stalled consumer - an edge that rejects tells the sender and whoever hears of outcomes, and the counts add up', async (t) => {
  const commands: Command[] = Array.from({ length: 400 }, (_, i) =>
    newOrder({ orderId: i + 1, side: Side.buy, lots: 1, priceTicks: 100 }),
  )
  const events = new Collector()
  const told: number[] = []
  const { opened, open } = gateway()
  const source = Object.assign(new ListSource(recordsOf(commands), [10]), {
    rejected: (words: Int32Array, at: number) => told.push(words[at + ORDER_ID]!),
  })
  const own = registryOf({
    source: { gives: 'command', make: () => source },
    wait: {
      takes: 'command',
      gives: 'command',
      traits: { isAsync: true },
      make: () => ({ processAsync: () => opened }),
    },
    sink: { takes: 'event', traits: { readsOnly: true }, make: () => events },
  })
  const registry: Registry = new Map([...operators, ...own])
  const text = fileOf(
    [
      'id: source, operator: source',
      'id: wait, operator: wait',
      'id: match, operator: match',
      'id: sink, operator: sink',
    ],
    [
      'edges:',
      '- { from: source, to: wait, capacity: 20, whenFull: reject }',
      'instruments: { A: { tick: 1, lot: 1 } }',
    ],
  )
  const pipeline = await prepared(text, registry, { batchRecords: 10 })
  const over = pipeline.run()
  await turns(60)
  t.is(pipeline.market.sequence, 400, 'the source is not held up')
  open()
  const { stats } = await over
  const all = readEvents(events.all)
  const refused = all.filter((event) => event.kind === EventKind.rejected)
  t.true(refused.every((event) => event.kind === EventKind.rejected && event.code === RejectCode.EDGE_FULL))
  t.is(stats.edges[0]!.drops['rejected'], refused.length)
  t.true(refused.length > 300 && refused.length < 400)
  t.deepEqual(
    told,
    refused.map(({ orderId }) => orderId),
  )
  t.deepEqual(
    all.map(({ sequence }) => sequence).sort((a, b) => a - b),
    commands.map((_, i) => i + 1),
  )
})
