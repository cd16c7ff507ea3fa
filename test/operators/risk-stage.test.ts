import test from 'ava'
import { Batch, MatchingEngine } from '../../src/book/index.ts'
import { amendOrder, cancelOrder, setTime } from '../../src/book/command.ts'
import { match, risk, RiskStage, type Alert, type AuditRecord } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { pushRiskChange, readPosition, type RiskChange } from '../../src/risk/index.ts'
import { buy, sell } from '../support/both-engines.ts'
import { codesOf } from '../support/codes.ts'
import { RiskDesk, SPECS } from '../support/risk-outcomes.ts'
import { bytesOf, inBatches, recordsOf } from '../support/streams.ts'

const SECOND = 1_000_000_000
const as = (client: number, timestampNs = 0): { client: number; timestampNs: number } => ({
  client,
  timestampNs,
})
/** Client 1 buys from client 2. */
const trade = (id: number, lots: number, ticks: number, at = 0): ReturnType<typeof buy>[] => [
  sell(id, lots, ticks, as(2, at)),
  buy(id + 1, lots, ticks, as(1, at)),
]

test('risk stage - a breach alerts, refuses, or takes the client to reduce-only, as is asked', (t) => {
  const alerts: Alert[] = []
  const desk = new RiskDesk(
    {
      limits: { maxPositionLots: 10, maxOrderLots: 30 },
      onBreach: { position: 'alert', orderSize: 'reduce-only' },
    },
    { onAlert: (alert) => alerts.push(alert) },
  )
  t.deepEqual(
    desk.play([...trade(1, 20, 100), buy(3, 31, 99, as(1)), buy(4, 1, 99, as(1)), sell(5, 31, 99, as(1))]),
    ['good', 'good', 'RISK_ORDER_SIZE', 'RISK_REDUCE_ONLY', 'RISK_REDUCE_ONLY'],
  )
  t.deepEqual(desk.play([sell(6, 20, 101, as(1)), sell(7, 1, 101, as(1)), buy(8, 1, 99, as(2))]), [
    'good',
    'RISK_REDUCE_ONLY',
    'good',
  ])
  t.deepEqual(
    alerts.map(({ sequence, client, instrument, code }) => [sequence, client, instrument, code]),
    [
      [1, 2, 0, 70],
      [2, 1, 0, 70],
      [3, 1, 0, 60],
    ],
  )
  desk.stage.reset({ client: 'one' })
  t.deepEqual(desk.play([buy(9, 1, 99, as(1))]), ['good'])
  const tripped = desk.stage.engine.audit
    .records()
    .map(({ what, by, name, after }) => [what, by, name, after])
  t.deepEqual(tripped, [
    ['tripped', 'breach', 'RISK_ORDER_SIZE', 'reduce-only'],
    ['reset', 'program', 'client', 'active'],
  ])
})

test('risk stage - a check that is off does not check', (t) => {
  const desk = new RiskDesk({ limits: { maxOrderLots: 1 }, onBreach: { orderSize: 'off' } })
  t.deepEqual(desk.play([buy(1, 9, 100)]), ['good'])
  t.is(desk.stage.engine.alerts.count, 0)
})

test('risk stage - the breaker on rejects halts a client until it has cooled down in the time of the log', (t) => {
  const desk = new RiskDesk({
    limits: { maxOrderLots: 5 },
    breakers: { rejects: { most: 2, seconds: 10, coolDownSeconds: 30 } },
  })
  const bad = (id: number, at: number): ReturnType<typeof buy> => buy(id, 9, 100, as(1, at * SECOND))
  const good = (id: number, client: number, at: number): ReturnType<typeof buy> =>
    buy(id, 1, 100, as(client, at * SECOND))
  t.deepEqual(
    desk.play([
      bad(1, 1),
      bad(2, 2),
      good(3, 1, 3),
      bad(4, 11),
      bad(5, 12),
      good(6, 1, 12),
      bad(7, 13),
      good(8, 1, 14),
    ]),
    [
      'RISK_ORDER_SIZE',
      'RISK_ORDER_SIZE',
      'good',
      'RISK_ORDER_SIZE',
      'RISK_ORDER_SIZE',
      'good',
      'RISK_ORDER_SIZE',
      'RISK_BREAKER',
    ],
  )
  t.deepEqual(
    desk.play([good(9, 2, 15), cancelOrder(3, 1), good(10, 1, 42), good(11, 1, 43), good(12, 1, 44)]),
    ['good', 'good', 'RISK_BREAKER', 'good', 'good'],
  )
  t.deepEqual(
    desk.stage.engine.audit.records().map(({ what, by, client, seconds }) => [what, by, client, seconds]),
    [
      ['tripped', 'breaker', 1, 13],
      ['reset', 'time', 1, 43],
    ],
  )
})

test('risk stage - the breaker on loss halts a client until someone resets it', (t) => {
  const desk = new RiskDesk({ breakers: { loss: { amount: '50' } } })
  desk.play([...trade(1, 10, 100), sell(3, 1, 94, as(3)), buy(4, 1, 94, as(4))])
  t.deepEqual(
    desk.play([sell(5, 10, 94, as(1)), setTime(500 * SECOND), buy(6, 1, 90, as(1)), buy(7, 1, 90, as(2))]),
    ['RISK_BREAKER', 'good', 'RISK_BREAKER', 'good'],
  )
  desk.play([sell(8, 1, 99, as(3)), buy(9, 1, 99, as(4))])
  t.deepEqual(desk.play([buy(10, 1, 90, as(1)), { client: 1, reset: true }, buy(11, 1, 90, as(1))]), [
    'RISK_BREAKER',
    'good',
    'good',
  ])
})

test('risk stage - the breaker on price halts the instrument, and only that', (t) => {
  const desk = new RiskDesk({ breakers: { priceMove: { ticks: 5, seconds: 60, coolDownSeconds: 20 } } })
  t.deepEqual(desk.play([...trade(1, 1, 105, SECOND), ...trade(3, 1, 106, 2 * SECOND)]), [
    'good',
    'good',
    'good',
    'good',
  ])
  t.deepEqual(
    desk.play([
      buy(5, 1, 100, as(1, 3 * SECOND)),
      buy(6, 1, 100, { ...as(1, 3 * SECOND), instrument: 1 }),
      buy(7, 1, 100, as(1, 22 * SECOND)),
    ]),
    ['RISK_BREAKER', 'good', 'good'],
  )
  t.deepEqual(
    desk.play([...trade(8, 1, 112, 23 * SECOND), buy(10, 1, 100, as(1, 24 * SECOND))]).at(-1),
    'RISK_BREAKER',
  )
  desk.stage.reset({ instrument: 'AAPL' })
  t.deepEqual(desk.play([buy(11, 1, 100, as(1, 24 * SECOND))]), ['good'])
})

test('risk stage - a change that stands in the log holds from there on, is audited, and answered with applied', async (t) => {
  const market = new Market(SPECS)
  const audit: AuditRecord[] = []
  const stage = new RiskStage(market, {}, { onAudit: (record) => audit.push(record) })
  const changes: (ReturnType<typeof buy> | RiskChange)[] = [
    buy(1, 50, 100),
    { client: 1, limits: { maxOrderLots: 10, maxNotional: '1500.5' } },
    buy(2, 11, 100),
    buy(3, 10, 150),
    buy(4, 10, 151),
    amendOrder(1, { lots: 49 }, 1),
    { client: 1, clear: ['maxNotional'] },
    buy(5, 10, 151),
    { onBreach: { orderSize: 'alert' } },
    buy(6, 11, 100),
  ]
  const records = new Batch(32)
  for (const each of changes)
    if ('kind' in each) records.words.set(recordsOf([each]).words, records.count++ * 16)
    else pushRiskChange(records, each)
  for (let i = 0; i < records.count; i++) records.words[i * 16 + 4] = i + 1
  const events = await bytesOf(inBatches(records, records.count).pipe(risk(market, stage), match(market)))
  const kinds = Array.from({ length: events.length / 64 }, (_, i) => [
    events[i * 64],
    events.readUInt16LE(i * 64 + 4),
  ])
  t.deepEqual(kinds, [
    [1, 0],
    [8, 0],
    [8, 0],
    [2, 60],
    [1, 0],
    [2, 61],
    [2, 60],
    [8, 0],
    [1, 0],
    [8, 0],
    [1, 0],
  ])
  t.deepEqual(
    audit.map(({ sequence, by, what, client, name, before, after }) => [
      sequence,
      by,
      what,
      client,
      name,
      before,
      after,
    ]),
    [
      [2, 'command', 'limit', 1, 'maxOrderLots', 'none', '10'],
      [3, 'command', 'limit', 1, 'maxNotional', 'none', '1500.5'],
      [8, 'command', 'limit', 1, 'maxNotional', '1500.5', 'none'],
      [10, 'command', 'on-breach', 0, 'orderSize', 'reject', 'alert'],
    ],
  )
})

test('risk stage - a change that is none is refused and changes nothing', (t) => {
  const desk = new RiskDesk({ limits: { maxOrderLots: 5 } })
  const batch = new Batch(8)
  pushRiskChange(batch, { limits: { maxOrderLots: 9 } })
  const broken = (change: (words: Int32Array) => void): number => {
    const words = batch.words.slice()
    change(words)
    desk.stage.process(words, 0)
    return words[1]! & 0xffff
  }
  t.deepEqual(
    [
      broken((words) => words.set([200 | (9 << 8)])),
      broken((words) => words.set([200 | (1 << 8) | (99 << 16)])),
      broken((words) => words.set([9], 2)),
      broken((words) => words.set([1 << 25], 13)),
    ],
    [8, 8, 4, 8],
  )
  t.deepEqual(desk.play([buy(1, 6, 100)]), ['RISK_ORDER_SIZE'])
  t.throws(() => desk.stage.setLimit({}, { maxOrderLots: -1 }), { message: /maxOrderLots/ })
  t.throws(() => desk.stage.setLimit({ instrument: 'NONE' }, {}), { message: /no instrument "NONE"/ })
  t.is(desk.stage.engine.audit.count, 0)
})

test('risk stage - a reload takes on new options, keeps positions and what has tripped, and writes down each difference', (t) => {
  const desk = new RiskDesk({
    limits: { maxOrderLots: 20, collarTicks: 50 },
    clients: { two: { maxPositionLots: 10 } },
    onBreach: { position: 'reduce-only' },
  })
  desk.play([...trade(1, 15, 100)])
  const before = desk.stage.engine.audit.count
  desk.stage.reload({ limits: { maxOrderLots: 5 }, clients: { two: { maxPositionLots: 10 } } })
  t.deepEqual(
    desk.stage.engine.audit
      .records()
      .slice(before)
      .map(({ by, name, before: from, after }) => [by, name, from, after]),
    [
      ['reload', 'collarTicks', '50', 'none'],
      ['reload', 'maxOrderLots', '20', '5'],
      ['reload', 'position', 'reduce-only', 'reject'],
    ],
  )
  t.deepEqual(desk.play([buy(3, 6, 300), buy(4, 5, 300), sell(5, 5, 300, as(2))]), [
    'RISK_ORDER_SIZE',
    'good',
    'RISK_REDUCE_ONLY',
  ])
  t.throws(() => desk.stage.reload({ limits: { maxOrderLots: 0 } }), {
    message: /^risk\.limits\.maxOrderLots/,
  })
  t.deepEqual(desk.play([buy(6, 6, 100)]), ['RISK_ORDER_SIZE'])
})

test('risk stage - taken up from a snapshot in the middle, it goes on as if nothing had been', (t) => {
  const options = {
    limits: { maxPositionLots: 12, messagesPerSecond: 5, duplicateCommands: 2, maxDailyLoss: '30' },
    onBreach: { dailyLoss: 'reduce-only' as const },
    breakers: { rejects: { most: 6, seconds: 3, coolDownSeconds: 4 }, priceMove: { ticks: 5, seconds: 9 } },
  }
  const flow = Array.from({ length: 600 }, (_, i) =>
    (i % 2 === 0 ? buy : sell)(
      i + 1,
      1 + (i % 4),
      100 + (((i * 5) % 7) - 3),
      as(1 + ((i >> 1) % 4), i * 45_000_000),
    ),
  )
  const whole = new RiskDesk(options)
  const first = whole.play(flow.slice(0, 300))
  const bytes = whole.stage.snapshot()
  const second = whole.play(flow.slice(300))
  const other = new RiskDesk(options)
  t.deepEqual(other.play(flow.slice(0, 300)), first)
  other.stage.setLimit({}, { maxOrderLots: 1 })
  other.stage.restore(bytes)
  t.deepEqual(other.play(flow.slice(300)), second)
  t.is(other.stage.engine.stateHash(), whole.stage.engine.stateHash())
  t.true(new Set(second).size >= 4, String([...new Set(second)]))
})

test('risk stage - a snapshot that is not one is refused, and the state stays', (t) => {
  const desk = new RiskDesk({ limits: { maxOrderLots: 5 } })
  desk.play(trade(1, 3, 100))
  const bytes = desk.stage.snapshot()
  const hash = desk.stage.engine.stateHash()
  const changed = (at: number, by: number): Uint8Array => {
    const copy = bytes.slice()
    copy[at]! ^= by
    return copy
  }
  for (const [broken, message] of [
    [bytes.slice(0, 20), /too short/],
    [bytes.slice(0, -8), /another length/],
    [changed(0, 1), /does not begin as one/],
    [changed(4, 2), /version/],
    [changed(40, 1), /checksum/],
    [changed(bytes.length - 1, 128), /checksum/],
  ] as const)
    t.throws(() => desk.stage.restore(broken), { instanceOf: RangeError, message })
  const others = new RiskStage(new Market([{ symbol: 'OTHER', tick: '1', lot: '1' }]))
  t.throws(() => others.restore(bytes), { message: /3 instruments, and there are 1/ })
  t.is(desk.stage.engine.stateHash(), hash)
  t.is(readPosition(desk.stage.engine.book, 1, 0).lots, 3)
})

test('risk stage - a stage with the three limits alone keeps no state, and refuses to change', async (t) => {
  const records = new Batch(2)
  pushRiskChange(records, { limits: { maxOrderLots: 5 } })
  const market = new Market(SPECS)
  const events = await bytesOf(inBatches(records, 1).pipe(risk(market, { maxOrderLots: 9 }), match(market)))
  t.deepEqual([events[0], events.readUInt16LE(4)], [2, 8])
})

test('risk stage - without a matching engine it judges what needs none', async (t) => {
  const market = new Market(SPECS)
  const options = { maxPositionLots: 5, collarBestTicks: 1, rejectSelfTrade: true }
  t.deepEqual(
    await codesOf(risk(market, options), [buy(1, 5, 100), buy(2, 6, 100), amendOrder(1, { lots: 9 })]),
    ['good', 'RISK_POSITION', 'good'],
  )
  t.is(market.engine, undefined)
  t.truthy(new MatchingEngine(market.instruments))
})

test('risk stage - options that are none are refused', (t) => {
  const market = new Market(SPECS)
  t.throws(() => new RiskStage(market, { instruments: { NONE: { maxOrderLots: 1 } } }), {
    message: 'no instrument "NONE"',
  })
  t.throws(() => risk(market, { tradingState: 'sleepy' } as object), {
    message: /tradingState: expected one of active/,
  })
  t.throws(() => risk(market, {}, { onBreach: { position: 'shout' } } as object), {
    message: /onBreach\.position/,
  })
  t.throws(() => risk(market, {}, { breakers: { loss: { amount: '-1' } } }), {
    message: /breakers\.loss\.amount/,
  })
  t.throws(() => new RiskStage(market, { limits: { maxGrossExposure: '-1' } }), {
    message: /maxGrossExposure/,
  })
})
