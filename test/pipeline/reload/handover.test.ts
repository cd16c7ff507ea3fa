import test from 'ava'
import { defineOperator } from '../../../src/pipeline/define-operator.ts'
import type { Gate } from '../../../src/pipeline/gate.ts'
import type { AnyOperator, Step } from '../../../src/pipeline/operator.ts'
import { turns } from '../../support/streams.ts'
import { CHECKS, fileText, lines, MATCH, ORDERS, Supervised } from './supervised.ts'

/** A sink whose gate the test holds. */
function holdable(gates: Gate[]): AnyOperator {
  return defineOperator({
    name: 'holdable',
    consumes: 'event',
    traits: () => ({ readsOnly: true, isIo: true }),
    create: (_, { market }): Step => {
      gates.push(market.gate)
      return { process: () => {} }
    },
  }).operator
}

const HOLDABLE = 'id: sink, operator: holdable, inputs: match'
const text = (maxOrderLots: number): string =>
  fileText([
    ORDERS,
    CHECKS[0]!,
    `id: risk, operator: risk, limits: { maxOrderLots: ${maxOrderLots} }`,
    MATCH,
    HOLDABLE,
  ])

test.serial('handover - a sink that went over holds the source back as before', async (t) => {
  const gates: Gate[] = []
  const one = await Supervised.of(t, text(1), {}, [holdable(gates)])
  const over = one.supervisor.run()
  await one.past(5_000)
  one.write(text(2))
  t.is((await one.supervisor.reload('user test')).outcome, 'swapped')
  one.write(text(3))
  t.is((await one.supervisor.reload('user test')).outcome, 'swapped')
  t.is(gates.length, 1, 'it is the sink of the first pipeline')
  gates[0]!.close()
  const { market } = one.supervisor.pipeline
  let before = -1
  while (before !== market.sequence) {
    before = market.sequence
    await turns(20)
  }
  t.true(before < 400_000, 'held')
  gates[0]!.open()
  t.is((await over).commands, 400_000)
})

test.serial(
  'handover - while what was read cannot be handled there is none, and the old one goes on',
  async (t) => {
    const gates: Gate[] = []
    const one = await Supervised.of(t, text(1), { barrierMs: 50 }, [holdable(gates)])
    const over = one.supervisor.run()
    await one.past(5_000)
    gates[0]!.close()
    one.write(text(2))
    const { outcome, problems } = await one.supervisor.reload('user test')
    t.deepEqual(
      [outcome, problems],
      ['refused', ['what has been read was not handled in 0.05 s: sink holds it up']],
    )
    gates[0]!.open()
    t.is((await over).commands, 400_000)
  },
)

test.serial('handover - each worker of a partition keeps its books', async (t) => {
  const partition = 'partition: { by: symbol, workers: 2 }'
  const stages = (maxOrderLots: number, file: string): string =>
    fileText(
      [
        'id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 200000 } }',
        `id: risk, operator: risk, limits: { maxOrderLots: ${maxOrderLots} }, ${partition}`,
        `${MATCH}, ${partition}`,
        lines('lines', file),
        'id: report, operator: publish, inputs: match, to: summary',
      ],
      [
        '  MSFT: { tick: 0.01, lot: 1, referencePrice: 400 }',
        '  TSLA: { tick: 0.01, lot: 1, referencePrice: 200 }',
      ],
    )
  const whole = await Supervised.of(t, stages(49_000, 'whole.ndjson'))
  await whole.supervisor.run()
  const one = await Supervised.of(t, stages(50_000, 'whole.ndjson'))
  const over = one.supervisor.run()
  await one.past(30_000)
  one.write(stages(49_000, 'whole.ndjson'))
  const { outcome, problems } = await one.supervisor.reload('user test')
  t.is(outcome, 'swapped', problems.join('\n'))
  const { sections } = await over
  const { totals } = sections.find(({ title }) => title === 'summary')!.figures as {
    totals: { addsUp: boolean }
  }
  t.true(totals.addsUp)
  // The simulated orders are all smaller than either limit.
  const sorted = (text: string): string => text.split('\n').sort().join('\n')
  t.true(sorted(one.read('whole.ndjson')) === sorted(whole.read('whole.ndjson')))
  one.write(stages(49_000, 'whole.ndjson').replaceAll('workers: 2', 'workers: 3'))
})

test.serial(
  'handover - a journal goes on, and its snapshots are of the stages that stand before it now',
  async (t) => {
    const stages = (maxPositionLots: number): string =>
      fileText([
        'id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 100000 } }',
        CHECKS[0]!,
        `id: risk, operator: risk, limits: { maxPositionLots: ${maxPositionLots}, messagesPerSecond: 1000000 }`,
        `${MATCH}, journal: { dir: FOLDER/journal, durability: none, snapshotEvery: 10000 }`,
        'id: report, operator: publish, inputs: match, to: summary',
      ])
    const one = await Supervised.of(t, stages(1_000_000))
    const over = one.supervisor.run()
    await one.past(20_000)
    one.write(stages(1_000_001))
    const { outcome, problems } = await one.supervisor.reload('user test')
    t.is(outcome, 'swapped', problems.join('\n'))
    const risk = one.supervisor.pipeline.parts().get('risk') as Step
    await over
    const state = Buffer.from(risk.snapshot!())
    const { default: fs } = await import('node:fs')
    t.true(fs.existsSync(one.folder.at('journal')))
    // The same journal again: what comes back is what the later stage knew at the end.
    const again = await Supervised.of(
      t,
      stages(1_000_001).replaceAll('FOLDER/journal', one.folder.at('journal')),
    )
    const recovered = again.supervisor.pipeline.parts().get('risk') as Step
    t.true(Buffer.from(recovered.snapshot!()).equals(state))
    t.is(again.supervisor.pipeline.market.sequence, 100_000)
    await again.supervisor.pipeline.abort()
  },
)

test.serial(
  'handover - a source that changed ends with what it had read, and the next one goes on',
  async (t) => {
    const stages = (seed: number): string =>
      fileText([
        `id: orders, operator: ingest, from: { simulate: { seed: ${seed}, orders: 50000 } }`,
        ...CHECKS,
        MATCH,
        lines('lines', 'out.ndjson'),
        'id: report, operator: publish, inputs: match, to: summary',
      ])
    const one = await Supervised.of(t, stages(7))
    const over = one.supervisor.run()
    await one.past(10_000)
    one.write(stages(8))
    const { outcome, sequence, problems } = await one.supervisor.reload('user test')
    t.is(outcome, 'swapped', problems.join('\n'))
    const report = await over
    t.true(report.commands >= sequence! + 50_000)
    const { totals } = report.sections.find(({ title }) => title === 'summary')!.figures as {
      totals: { addsUp: boolean }
    }
    t.true(totals.addsUp)
  },
)
