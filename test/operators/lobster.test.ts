import { writeFile } from 'node:fs/promises'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CommandKind, EventKind, RejectCode, Side, TimeInForce } from '../../src/book/index.ts'
import { AGGRESSOR_BASE, CORRECTION_BASE, lobsterIdOf, runOf } from '../../src/operators/lobster/ids.ts'
import { openAgreement } from '../../src/operators/lobster/agreement.ts'
import { openLobster } from '../../src/operators/lobster/lobster-source.ts'
import { Market } from '../../src/pipeline/market.ts'
import { messageFile as file, opened, replay } from '../support/lobster.ts'

const isAggressor = ({ orderId }: { orderId: number }): boolean => runOf(orderId) !== 0

test('lobster - submissions, cancels and a run of executions become commands', async (t) => {
  const path = await file(
    '34200.000000001,1,11,100,5000,-1',
    '34200.000000002,1,12,50,5100,-1',
    '34200.000000003,2,12,20,5100,-1',
    '34200.000000004,4,11,100,5000,-1',
    '34200.000000004,4,12,10,5100,-1',
    '34200.000000005,3,12,20,5100,-1',
  )
  const { commands, events, agreement, source, market, engine } = await replay(path)
  t.is(market.instruments.symbol(source.instrument), 'XYZ')
  t.like(commands[0], {
    kind: CommandKind.new,
    orderId: 11,
    client: 1,
    side: Side.sell,
    priceTicks: 5_000,
    lots: 100,
  })
  t.like(commands[2], { kind: CommandKind.amend, orderId: 12, client: 1, lots: 30 })
  t.like(commands[3], {
    kind: CommandKind.new,
    orderId: AGGRESSOR_BASE + 1,
    client: 2,
    side: Side.buy,
    lots: 110,
  })
  t.like(commands[3], { timeInForce: TimeInForce.ioc, priceTicks: 5_100 })
  t.like(commands[4], { kind: CommandKind.cancel, orderId: 12, client: 1 })
  t.is(commands.length, 5)
  t.false(events.some(({ kind }) => kind === EventKind.rejected))
  t.is(engine.liveOrders, 0)
  t.like(agreement.report().figures, { compared: 1, agreeing: 1, percent: 100, missing: 0, book: undefined })
  t.like(source.counts, { messages: 6, commands: 5, mergedExecutions: 1, quiet: 0, corrections: 0 })
})

test('lobster - a partial cancel counts in what has traded, for an amend names the whole', async (t) => {
  const { commands, engine } = await replay(
    await file('1.1,1,11,100,5000,1', '1.2,4,11,30,5000,1', '1.3,2,11,20,5000,1', '1.4,2,11,50,5000,1'),
  )
  t.like(commands[2], { kind: CommandKind.amend, orderId: 11, lots: 80 })
  t.like(commands[3], { kind: CommandKind.cancel, orderId: 11 }, 'the last lots taken away are a cancel')
  t.is(engine.liveOrders, 0)
})

const RESTING = ['1.1,1,11,10,5000,1', '1.1,1,12,10,4900,1', '1.1,1,13,10,5100,-1']

test('lobster run - hidden executions between two do not part them', async (t) => {
  const { commands, source } = await replay(
    await file(...RESTING, '2.0,4,11,10,5000,1', '2.0,5,0,7,4950,1', '2.0,4,12,10,4900,1'),
  )
  t.deepEqual(
    commands.filter(isAggressor).map(({ lots, priceTicks, side }) => [lots, priceTicks, side]),
    [[20, 4_900, Side.sell]],
  )
  t.like(source.counts, { runs: 1, mergedExecutions: 1, quiet: 1 })
})

test('lobster run - another time, another side, a submission or an unreadable row ends it', async (t) => {
  const after: Record<string, string[]> = {
    'another time': ['2.1,4,12,10,4900,1'],
    'another side': ['2.0,4,13,10,5100,-1'],
    'a submission': ['2.0,1,14,10,4800,1', '2.0,4,12,10,4900,1'],
    'an unreadable row': ['?', '2.0,4,12,10,4900,1'],
  }
  for (const [why, rows] of Object.entries(after)) {
    const { commands, agreement } = await replay(await file(...RESTING, '2.0,4,11,10,5000,1', ...rows))
    t.is(commands.filter(isAggressor).length, 2, why)
    t.like(agreement.report().figures, { compared: 2, agreeing: 2 }, why)
  }
})

test('lobster run - one that names an order never announced sends nobody, but takes from those that are known', async (t) => {
  const { commands, source, agreement, engine } = await replay(
    await file(...RESTING, '2.0,4,99,5,5000,1', '2.0,4,11,4,5000,1', '2.1,4,13,10,5100,-1'),
  )
  t.deepEqual(
    commands.filter(isAggressor).map(({ orderId }) => orderId),
    [AGGRESSOR_BASE + 2],
    'the run left out keeps its number',
  )
  t.like(commands[3], { kind: CommandKind.amend, orderId: 11, lots: 6 })
  t.deepEqual(engine.depth(source.instrument, Side.buy, 1), [{ priceTicks: 5_000, lots: 6, orders: 1 }])
  t.like(source.counts, { messages: 6, commands: 5, unknownExecutions: 1, leftOut: 1, mergedExecutions: 0 })
  t.like(agreement.report().figures, { compared: 1, agreeing: 1, leftOut: 1 })
})

test('lobster - a cancel of an order never announced is sent and refused', async (t) => {
  const { events, source } = await replay(await file('1.1,3,99,5,5000,1', '1.1,2,98,5,5000,1'))
  t.deepEqual(
    events.map((event) => event.kind === EventKind.rejected && event.code),
    [RejectCode.UNKNOWN_ORDER, RejectCode.UNKNOWN_ORDER],
  )
  t.like(source.counts, { messages: 2, commands: 2, corrections: 0 })
})

test('lobster - after a trade with the wrong order the book is put right, and later messages find the order', async (t) => {
  const path = await file(
    '1.1,1,11,10,5000,1',
    '1.2,1,12,30,5000,1',
    '2.0,4,12,20,5000,1', // out of turn: price-time would fill 11 first
    '2.1,4,12,10,5000,1',
    '2.2,4,11,4,5000,1',
    '2.3,2,11,1,5000,1',
    '2.4,3,11,5,5000,1',
  )
  const { commands, source, agreement, engine, events } = await replay(path)
  const reentered = 11 + CORRECTION_BASE
  t.deepEqual(
    commands.slice(2).map(({ kind, orderId, lots }) => [kind, orderId, lots]),
    [
      [CommandKind.new, AGGRESSOR_BASE + 1, 20],
      // It filled 11 whole and 10 of 12; 12 has 20 open then, but should have 10, and 11 should have 10.
      [CommandKind.amend, 12, 20],
      [CommandKind.new, reentered, 10],
      [CommandKind.new, AGGRESSOR_BASE + 2, 10],
      [CommandKind.new, AGGRESSOR_BASE + 3, 4],
      [CommandKind.amend, reentered, 9],
      [CommandKind.cancel, reentered, 0],
    ],
  )
  t.is(lobsterIdOf(reentered), 11)
  t.is(engine.liveOrders, 0)
  t.false(events.some(({ kind }) => kind === EventKind.rejected))
  t.like(source.counts, { messages: 7, commands: 7, corrections: 2, disagreements: 1 })
  const { figures, lines } = agreement.report()
  t.like(figures, { compared: 3, agreeing: 2 })
  t.is(lines[1], 'line 3: expected 20 at 0.5000 with order 12, got 10 at 0.5000 with order 11')
})

test('lobster - an order that the book has too little of is amended up', async (t) => {
  const { commands, engine, source } = await replay(
    await file('1.1,1,11,10,5000,1', '1.2,1,12,10,5000,1', '2.0,4,12,3,5000,1'),
  )
  t.deepEqual(
    commands.slice(3).map(({ kind, orderId, lots }) => [kind, orderId, lots]),
    [
      [CommandKind.amend, 12, 7],
      [CommandKind.amend, 11, 13],
    ],
  )
  t.is(source.counts.corrections, 2)
  t.deepEqual(engine.depth(source.instrument, Side.buy, 9), [{ priceTicks: 5_000, lots: 17, orders: 2 }])
})

test('lobster - prices become the ticks of an instrument that is there already, or are refused', async (t) => {
  const market = new Market([{ symbol: 'XYZ', tick: '0.01', lot: '0.1' }])
  const path = await file('1.1,1,11,10,5000,1', '1.2,1,12,10,5050,1', '1.3,4,11,10,5000,1')
  const { commands, agreement } = await replay(path, 1_024, market)
  t.deepEqual(
    commands.map(({ priceTicks, lots, rejectCode }) => [priceTicks, lots, rejectCode]),
    [
      [50, 100, 0],
      [0, 100, RejectCode.OFF_TICK],
      [50, 100, 0],
    ],
  )
  t.like(agreement.report().figures, { compared: 1, agreeing: 1 })
})

test('lobster - an instrument whose lot is more than a share cannot hold the file', async (t) => {
  const market = new Market([{ symbol: 'XYZ', tick: '0.01', lot: '100' }])
  const result = await openLobster(market, { messages: await file(...RESTING) })()
  t.true(E.isLeft(result) && result.left.endsWith('one share is not a whole number of lots of XYZ'))
})

test('agreement - a run whose order never came is missing, and disagrees', async (t) => {
  const path = await file(...RESTING, '2.0,4,11,10,5000,1', '3.0,4,12,10,4900,1')
  const { figures, lines } = (await opened(openAgreement(new Market(), { messages: path }))).report()
  t.like(figures, { compared: 2, agreeing: 0, percent: 0, missing: 2 })
  t.true(lines.includes('line 4: the incoming order never came'))
})

test('agreement - trades of another instrument are not its business', async (t) => {
  const path = await file(...RESTING, '2.0,4,11,10,5000,1')
  const { engine, market } = await replay(path)
  const agreement = await opened(openAgreement(market, { messages: path, symbol: 'OTHER' }))
  for (let i = 0; i < engine.events.count; i++) agreement.process(engine.events.words, i * 16)
  t.is(agreement.report().figures.missing, 1)
})

test('agreement - a published book beside the messages is compared row by row', async (t) => {
  const messages = await file(
    '1.1,1,11,10,5000,1',
    '1.2,1,12,5,5100,1',
    '1.3,4,12,5,5100,1',
    '1.4,1,13,7,5200,-1',
  )
  const none = '9999999999,0,-9999999999,0'
  const book = (last: string): string =>
    [
      `9999999999,0,5000,10,${none}`,
      `9999999999,0,5100,5,9999999999,0,5000,10`,
      `9999999999,0,5000,10,${none}`,
      last,
    ].join('\n')
  const path = messages.replace('message', 'orderbook')
  const bookOf = async (): Promise<unknown> =>
    (await opened(openAgreement(new Market(), { messages }))).report()
  await writeFile(path, book(`5200,7,5000,10,${none}`))
  t.like(await bookOf(), { figures: { book: { rows: 4, agreeing: 4, levels: 2, adopted: 0 } } })
  await writeFile(path, book(`5200,8,5000,10,${none}`))
  t.like(await bookOf(), { figures: { book: { rows: 4, agreeing: 3 } } })
  await writeFile(path, `${book(`5200,7,5000,10,${none}`)}\n${none}`)
  const { lines, figures } = (await opened(openAgreement(new Market(), { messages }))).report()
  t.is(figures.book, undefined)
  t.regex(lines.join('\n'), /XYZ_orderbook\.csv is not compared: it has 5 rows, the message file 4/)
})
