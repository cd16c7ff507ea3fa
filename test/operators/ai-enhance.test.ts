import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { featureIndex } from '../../src/ai/features/feature-list.ts'
import { modelText } from '../../src/ai/models/model-file.ts'
import { ModelBreaker } from '../../src/ai/prediction/breaker.ts'
import { PredictionEngine } from '../../src/ai/prediction/prediction-engine.ts'
import { DecisionBit } from '../../src/ai/routing/decision.ts'
import { Router } from '../../src/ai/routing/router.ts'
import {
  cancelOrder,
  EventKind,
  newOrder,
  readEvents,
  RejectCode,
  Side,
  TimeInForce,
  type Command,
  type EngineEvent,
} from '../../src/book/index.ts'
import { HEAD, headKind, LOTS } from '../../src/book/record.ts'
import { EnhanceStep } from '../../src/operators/ai/enhance-step.ts'
import { loadModel } from '../../src/operators/ai/load-model.ts'
import {
  aiEnhance,
  match,
  publish,
  risk,
  validate,
  type AiOptions,
  type AiParts,
  type RiskLimits,
} from '../../src/operators/index.ts'
import { registry } from '../../src/operators/registry.ts'
import { decodeDefinition } from '../../src/pipeline/definition.ts'
import { fromStep } from '../../src/pipeline/island.ts'
import { Market } from '../../src/pipeline/market.ts'
import { formatProblem } from '../../src/pipeline/problem.ts'
import { preparePipeline } from '../../src/pipeline/runtime.ts'
import { plainModel, shippedModel } from '../support/models.ts'
import { ended, inBatches, recordsOf } from '../support/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-ai-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** A model that is sure that the price goes to the side with more lots, and that it goes far. */
const SURE = join(folder, 'sure.json')
const sure = plainModel(
  { [featureIndex('queueImbalance')]: 10 },
  { move: { perEdge: 20, perEdgeAndSpread: 0, deviationTicks: 1 } },
)
writeFileSync(SURE, modelText(sure))
const plainModelNumber = sure.id.slice(-8)
const LOOSE = { model: SURE, watch: { maxDrift: 100, maxCalibrationError: 1 } } satisfies AiOptions

const buy = (orderId: number, lots: number, priceTicks: number, more: Partial<Command> = {}): Command =>
  newOrder({ orderId, side: Side.buy, lots, priceTicks, ...more })
const sell = (orderId: number, lots: number, priceTicks: number, more: Partial<Command> = {}): Command =>
  newOrder({ orderId, side: Side.sell, lots, priceTicks, ...more })

/**
 * A book of some 90 lots bid at 100 and 10 offered at 104: the price is sure to rise. With the last of these commands the
 * instrument has seen the 200 events that it takes to be known.
 */
function rising(): Command[] {
  const commands = [sell(1, 10, 104), sell(2, 500, 106), buy(3, 90, 100)]
  for (let i = 0; i < 99; i++) commands.push(buy(1_000 + i, 1, 100), cancelOrder(1_000 + i, 1))
  return [...commands, buy(2_000, 1, 100)]
}

interface RunOptions {
  readonly ai?: AiOptions
  readonly parts?: AiParts
  readonly limits?: RiskLimits
  readonly sizes?: readonly number[]
}

async function run(
  commands: readonly Command[],
  { ai = LOOSE, parts = {}, limits = {}, sizes = [commands.length] }: RunOptions = {},
): Promise<EngineEvent[]> {
  const market = new Market([{ symbol: 'XYZ', tick: '1', lot: '1', referencePrice: '102' }])
  const events: EngineEvent[] = []
  await ended(
    inBatches(recordsOf(commands), ...sizes).pipe(
      validate(market),
      aiEnhance(market, ai, parts),
      risk(market, limits),
      match(market),
    ),
    { next: (batch) => events.push(...readEvents(batch)) },
  )
  return events
}

const ORDER = 9_000
const about = (events: readonly EngineEvent[], orderId = ORDER): EngineEvent[] =>
  events.filter((event) => event.orderId === orderId)

test('ai-enhance - an urgent order takes the other side as far as the collar and does not rest', async (t) => {
  const events = about(
    await run([...rising(), buy(ORDER, 200, 100)], { ai: { ...LOOSE, urgency: { collarTicks: 3 } } }),
  )
  t.deepEqual(
    events.map(({ kind }) => kind),
    [EventKind.decision, EventKind.accepted, EventKind.trade, EventKind.cancelled],
  )
  t.like(events[0], { bits: DecisionBit.urgent, priceTicks: 105, lots: 200, timeInForce: TimeInForce.ioc })
  t.like(events[2], { priceTicks: 104, lots: 10 })
  t.is(events[3]!.lots, 190, 'the offer at 106 is beyond the collar of 102 + 3')
})

test('ai-enhance - the decision stands before the events of its order, with its sequence', async (t) => {
  const events = await run([...rising(), buy(ORDER, 5, 100)])
  const at = events.findIndex(({ kind }) => kind === EventKind.decision)
  t.is(events[at + 1]!.kind, EventKind.accepted)
  t.is(events[at]!.sequence, events[at + 1]!.sequence)
  t.is(events[at]!.orderId, ORDER)
})

test('ai-enhance - what it makes of an order must pass risk', async (t) => {
  const commands = [...rising(), buy(ORDER, 5, 100)]
  const ai = { ...LOOSE, urgency: { collarTicks: 50 } }
  const [decision, outcome] = about(await run(commands, { ai, limits: { collarTicks: 20 } }))
  t.like(decision, { kind: EventKind.decision, priceTicks: 152 })
  t.like(outcome, { kind: EventKind.rejected, code: RejectCode.RISK_PRICE_COLLAR })
  const untouched = about(await run(commands, { ai: { ...ai, urgency: false }, limits: { collarTicks: 20 } }))
  t.deepEqual(
    untouched.map(({ kind }) => kind),
    [EventKind.accepted],
  )
})

test('ai-enhance - the guard is on unless it is turned off', async (t) => {
  const small = join(folder, 'small.json')
  writeFileSync(
    small,
    modelText(
      plainModel(
        { [featureIndex('queueImbalance')]: 10 },
        { move: { perEdge: 1, perEdgeAndSpread: 0, deviationTicks: 1 } },
      ),
    ),
  )
  const commands = [...rising(), buy(ORDER, 5, 100)]
  const guarded = about(await run(commands, { ai: { ...LOOSE, model: small } }))
  t.like(guarded[0], { kind: EventKind.decision, bits: DecisionBit.guarded, timeInForce: TimeInForce.gtc })
  t.is(guarded.length, 2, 'it rests as it was')
  const bare = about(await run(commands, { ai: { ...LOOSE, model: small, guard: false } }))
  t.like(bare[0], { bits: DecisionBit.urgent })
})

test('ai-enhance - a risk score that a program gives halves an order', async (t) => {
  const commands = [...rising(), sell(ORDER, 7, 107)]
  const events = about(
    await run(commands, {
      parts: { riskScore: (words, at) => (headKind(words[at + HEAD]!) === 1 ? 0.8 : 0) },
    }),
  )
  t.like(events[0], { kind: EventKind.decision, bits: DecisionBit.halved, lots: 3 })
  t.like(events[1], { kind: EventKind.accepted, lots: 3 })
  const even = about(await run(commands, { parts: { riskScore: () => 0.7 } }))
  t.like(even[0], { kind: EventKind.accepted, lots: 7 })
})

test('ai-enhance - a risk stage that follows positions says how risky an order is', async (t) => {
  const commands = [...rising(), sell(ORDER, 200, 120), buy(ORDER + 1, 1, 90)]
  const ai = { ...LOOSE, urgency: false } as const
  const plain = about(await run(commands, { ai }))
  t.deepEqual(
    plain.map(({ kind }) => kind),
    [EventKind.accepted],
    'by the plain score it is not risky enough',
  )
  const followed = await run(commands, { ai, limits: { maxPositionLots: 1_000_000 } })
  t.like(about(followed)[0], { kind: EventKind.decision, bits: DecisionBit.halved, lots: 100 })
  t.is(about(followed, ORDER + 1)[0]!.kind, EventKind.accepted)
})

test('ai-enhance - a stage that knows how risky an order is is asked, and told how likely the price moves against it', async (t) => {
  const market = new Market([{ symbol: 'XYZ', tick: '1', lot: '1', referencePrice: '102' }])
  const against: number[] = []
  market.scores.risk = (words, at) => {
    against.push(market.scores.against!(words, at))
    return 0.9
  }
  const events: EngineEvent[] = []
  const commands = [...rising(), buy(ORDER, 8, 90), sell(ORDER + 1, 8, 120)]
  await ended(
    inBatches(recordsOf(commands), commands.length).pipe(
      aiEnhance(market, { ...LOOSE, urgency: false }),
      risk(market),
      match(market),
    ),
    { next: (batch) => events.push(...readEvents(batch)) },
  )
  t.like(about(events)[0], { bits: DecisionBit.halved, lots: 4 })
  const [buyer, seller] = against.slice(-2)
  t.true(buyer! < 0.01, 'a rise is good for who buys')
  t.true(seller! > 0.99)
  t.is(against[0], 0.5, 'nothing was predicted yet')
})

test('ai-enhance - outcomes do not depend on how records are batched', async (t) => {
  const commands = rising()
  for (let i = 0; i < 60; i++) commands.push(i % 2 === 0 ? buy(ORDER + i, 3, 100) : sell(ORDER + i, 4, 104))
  const whole = await run(commands)
  t.true(whole.some(({ kind }) => kind === EventKind.decision))
  t.deepEqual(await run(commands, { sizes: commands.map(() => 1) }), whole)
  t.deepEqual(await run(commands, { sizes: [100, 120, commands.length - 220] }), whole)
})

test('ai-enhance - commands that are no new orders, and refused ones, pass untouched', async (t) => {
  const commands = [
    ...rising(),
    buy(ORDER, 5, 100, { rejectCode: RejectCode.MALFORMED }),
    buy(ORDER + 1, 5, 100, { instrument: 77 }),
  ]
  const events = await run(commands)
  t.deepEqual(
    about(events).map(({ kind }) => kind),
    [EventKind.rejected],
  )
  t.deepEqual(
    about(events, ORDER + 1).map(({ kind }) => kind),
    [EventKind.rejected],
  )
})

test('ai-enhance - a model that throws or gives no numbers leaves orders as they are, and the breaker leaves it alone', async (t) => {
  const { model } = shippedModel()
  for (const sampleEvery of [1, 1_000_000])
    for (const score of [
      (): void => {
        throw new Error('broken')
      },
      (_: Float32Array, __: number, scores: Float64Array): void => void scores.fill(NaN),
    ]) {
      let asked = 0
      const market = new Market([{ symbol: 'XYZ', tick: '1', lot: '1', referencePrice: '102' }])
      const sampled = { ...model, calibration: { ...model.calibration, sampleEvery } }
      const predictor = new PredictionEngine(sampled, {
        outputs: 1,
        score: (...given) => {
          asked++
          score(...given)
        },
      })
      const step = new EnhanceStep({
        market,
        predictor,
        router: new Router({ urgency: { confidence: 0.5, collarTicks: 5 } }),
        breaker: new ModelBreaker(3, 1_000),
      })
      const events: EngineEvent[] = []
      const orders = Array.from({ length: 50 }, (_, i) => buy(ORDER + i, 1, 90))
      await ended(
        inBatches(recordsOf([...rising(), ...orders]), 202 + 50).pipe(
          fromStep(() => step),
          risk(market),
          match(market),
        ),
        { next: (batch) => events.push(...readEvents(batch)) },
      )
      const made = events.filter(({ orderId }) => orderId >= ORDER)
      t.is(made.length, 50)
      t.true(made.every(({ kind }) => kind === EventKind.accepted))
      if (sampleEvery > 1) t.true(asked <= 3, `asked ${asked} times`)
      t.like(step.report().figures['breaker'], { opened: 1, isOpen: true })
    }
})

const FILE = `name: x
instruments: { XYZ: { tick: 0.01, lot: 1, referencePrice: 100 } }
stages:
  - { id: orders, operator: ingest, from: { simulate: { profile: nasdaq-small-tick, seed: 3, orders: 30000, badShare: 0 } } }
  - { id: validate, operator: validate }
  - { id: predict, operator: ai-enhance, guard: false, watch: { maxDrift: 100, maxCalibrationError: 1 } }
  - { id: risk, operator: risk }
  - { id: match, operator: match }
  - { id: report, operator: publish, to: summary }
`

async function runFile(
  ...overrides: string[]
): Promise<{ hash: string; figures: Record<string, unknown>; summary: unknown }> {
  const definition = decodeDefinition('x.yaml', FILE, registry, { overrides })
  if (E.isLeft(definition)) throw new Error(definition.left.problems.map(formatProblem).join('\n'))
  const prepared = await preparePipeline(definition.right)()
  if (E.isLeft(prepared)) throw new Error(prepared.left.problems.map(formatProblem).join('\n'))
  const { market, run: runAll } = prepared.right
  const report = await runAll()
  const section = (title: string) =>
    report.sections.find((each) => each.title === title)!.figures as Record<string, unknown>
  return { hash: market.engine!.stateHash(), figures: section('ai'), summary: section('summary') }
}

test('ai-enhance - a replay takes the decisions that were written down, asks no model, and ends in the same state', async (t) => {
  const log = join(folder, 'decisions.bin')
  const first = await runFile(`stages.predict.decisions=${log}`)
  const decisions = first.figures['decisions'] as Record<string, number>
  t.true(decisions['urgent']! > 20, JSON.stringify(decisions))
  const again = await runFile(`stages.predict.replay=${log}`, 'stages.predict.model=/no/such/model.json')
  t.is(again.hash, first.hash)
  t.deepEqual(again.summary, first.summary)
  t.is(again.figures['taken'], again.figures['recorded'])
  const without = await runFile('stages.predict.urgency=false', 'stages.predict.halving=false')
  t.not(without.hash, first.hash)
})

test('ai-enhance - a log of decisions that is none is refused with the byte at fault', async (t) => {
  const cut = join(folder, 'cut.bin')
  writeFileSync(cut, new Uint8Array(100))
  const bad = join(folder, 'bad.bin')
  writeFileSync(bad, new Uint8Array(128))
  await t.throwsAsync(runFile(`stages.predict.replay=${cut}`), {
    message: /predict\.replay: .*cut\.bin: cut short at byte 100/,
  })
  await t.throwsAsync(runFile(`stages.predict.replay=${bad}`), {
    message: /bad\.bin: not a decision at byte 0/,
  })
  await t.throwsAsync(runFile('stages.predict.replay=/no/such/file'), { message: /no such file/ })
})

test('ai-enhance - slices pass every stage, are numbered like all commands, and the counts add up', async (t) => {
  for (const how of ['twap: { slices: 4, everyMs: 100 }', 'pov: { share: 0.2 }']) {
    const { figures, summary } = await runFile(`stages.predict.slicing={ maxTicks: 1, ${how} }`)
    const impact = figures['impact'] as Record<string, number>
    t.true(impact['slices']! > 10, JSON.stringify(impact))
    const { addsUp, commands } = (summary as { totals: { addsUp: boolean; commands: number } }).totals
    t.true(addsUp)
    t.is(commands, 30_000 + impact['slices']!)
  }
})

function problemsOf(text: string, ...overrides: string[]): string[] {
  const definition = decodeDefinition('x.yaml', text, registry, { overrides })
  return E.isRight(definition) ? [] : definition.left.problems.map(formatProblem)
}

test('ai-enhance - a file whose orders would come to match without passing risk is refused', (t) => {
  t.deepEqual(problemsOf(FILE), [])
  const before = FILE.replace(/^.*operator: risk.*\n/m, '').replace(
    '  - { id: predict',
    '  - { id: risk, operator: risk }\n  - { id: predict',
  )
  t.deepEqual(problemsOf(before), [
    'x.yaml:7:30 predict.operator: expected a risk stage between this one and match: what it makes of an order must pass risk',
  ])
  const never = FILE.replace(/^.*operator: risk.*\n/m, '')
  t.is(problemsOf(never).length, 1)
})

test('ai-enhance - options are checked, each where it stands', (t) => {
  t.deepEqual(problemsOf(FILE, 'stages.predict.urgency.confidence=1.5'), [
    '--set:1:35 predict.urgency.confidence: expected a number from 0 to 1, got 1.5',
  ])
  t.is(
    problemsOf(
      FILE,
      'stages.predict.slicing={ maxTicks: 1, twap: { slices: 2, everyMs: 1 }, pov: { share: 0.1 } }',
    ).length,
    1,
  )
  t.is(problemsOf(FILE, 'stages.predict.slicing={ maxTicks: 1 }', 'stages.predict.replay=x').length, 1)
  t.is(problemsOf(FILE, 'stages.predict.halving=yes').length, 1)
})

test('ai-enhance - what is wrong with a model file is told with its line and column', async (t) => {
  const file = join(folder, 'wrong.json')
  writeFileSync(file, modelText(plainModel({})).replace('"outputs": 1', '"outputs": "one"'))
  await t.throwsAsync(runFile(`stages.predict.model=${file}`), {
    message: /predict\.model: .*wrong\.json:\d+:13 outputs: expected a finite number, got "one"/,
  })
  writeFileSync(file, '{ "schema": ')
  await t.throwsAsync(runFile(`stages.predict.model=${file}`), { message: /wrong\.json:1:\d+/ })
  await t.throwsAsync(runFile('stages.predict.model=no/such.json'), {
    message: /no\/such\.json: no such file/,
  })
  t.true(E.isRight(await loadModel('models/direction.json')()))
})

test('ai-enhance - an ONNX model without its runtime, or no model at all, is told when the pipeline is set up', async (t) => {
  await t.throwsAsync(runFile('stages.predict.model={ onnx: /no/such.onnx }'), {
    message: /predict\.model\.onnx: .*(onnxruntime-node|such\.onnx)/,
  })
})

test('ai-enhance - a decision is a line of what was decided, what it was before, and why', async (t) => {
  const market = new Market([{ symbol: 'XYZ', tick: '1', lot: '1', referencePrice: '102' }])
  const file = join(folder, 'events.ndjson')
  const commands = [...rising(), buy(ORDER, 9, 100)]
  await ended(
    inBatches(recordsOf(commands), commands.length).pipe(
      aiEnhance(market, LOOSE, { riskScore: (words, at) => (words[at + LOTS] === 9 ? 0.75 : 0) }),
      risk(market),
      match(market),
      publish(market, { ndjson: { file } }),
    ),
  )
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const line = lines.find((each) => each.includes('"decision"'))!
  const { confidence, expectedMoveTicks, ...told } = JSON.parse(line) as Record<string, unknown>
  t.deepEqual(told, {
    event: 'decision',
    sequence: commands.length,
    id: String(ORDER),
    client: '1',
    symbol: 'XYZ',
    side: 'buy',
    reasons: ['urgent', 'halved'],
    timeInForce: 'IOC',
    price: '152',
    wasPrice: '100',
    quantity: '4',
    was: '9',
    riskScore: 0.75,
    model: plainModelNumber,
  })
  t.true((confidence as number) > 0.99 && (expectedMoveTicks as number) > 19)
})

test("ai-enhance - a program's sinks get decisions as events too", async (t) => {
  const market = new Market([{ symbol: 'XYZ', tick: '1', lot: '1', referencePrice: '102' }])
  const decisions: number[] = []
  await ended(
    inBatches(recordsOf([...rising(), buy(ORDER, 5, 100)]), 203).pipe(
      aiEnhance(market, LOOSE),
      risk(market),
      match(market),
      publish(market, (event) => {
        if (event.kind === EventKind.decision) decisions.push(event.bits)
      }),
    ),
  )
  t.deepEqual(decisions, [DecisionBit.urgent])
})
