import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { cancelOrder, setState, setTime } from '../../src/book/command.ts'
import { TradingState } from '../../src/book/record.ts'
import { match, settle, SettleStage, type SettleOptions } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { decimalText, type ExecutionReport } from '../../src/risk/index.ts'
import { ACCOUNT_CASH, ACCOUNT_HELD } from '../../src/risk/settlement/ledger-rows.ts'
import { readWide } from '../../src/risk/wide.ts'
import { buy, sell } from '../support/both-engines.ts'
import type { Command } from '../../src/book/index.ts'
import { bytesOf, inBatches, recordsOf } from '../support/streams.ts'

const DAY = 86_400_000_000_000

function market(): Market {
  const venue = new Market([
    { symbol: 'AAPL', tick: '0.01', lot: '1' },
    { symbol: 'INTC', tick: '0.5', lot: '10' },
  ])
  for (const name of ['one', 'two', 'three']) venue.clients.number(name)
  return venue
}

/** Plays commands through match and settle, and gives the stage and the reports. */
async function settled(
  options: SettleOptions,
  commands: readonly Command[],
): Promise<{
  stage: SettleStage
  reports: ExecutionReport[]
  cash: (client: number) => string
  held: (client: number) => string
}> {
  const venue = market()
  const stage = new SettleStage(venue, { decimals: 4, ...options })
  const reports: ExecutionReport[] = []
  stage.onReport = (report) => reports.push(report)
  await bytesOf(inBatches(recordsOf(commands), commands.length).pipe(match(venue), settle(venue, stage)))
  const cell = (client: number, at: number): string =>
    decimalText(readWide(stage.ledger.totals, (stage.ledger.account(client) >> 1) + at), 4)
  return {
    stage,
    reports,
    cash: (client) => cell(client, ACCOUNT_CASH),
    held: (client) => cell(client, ACCOUNT_HELD),
  }
}

const of = (client: number): { client: number } => ({ client })

test('settle - both sides of a trade have a report, with fees, and cash moves', async (t) => {
  const { reports, cash, stage } = await settled(
    { fees: { maker: '-0.0001', taker: '0.0003' }, accounts: { one: { cash: '1000' } } },
    [sell(1, 7, 10_000, of(2)), buy(2, 10, 10_050, of(1))],
  )
  t.deepEqual(
    reports.map(({ orderId, client, side, liquidity, lots, openLots, tradedLots, value, fee, feePpm }) => [
      [orderId, client, side, liquidity, lots, openLots, tradedLots].join(),
      [decimalText(value, 4), decimalText(fee, 4), feePpm].join(),
    ]),
    [
      ['2,1,0,taker,7,3,7', '700.0000,0.2100,300'],
      ['1,2,1,maker,7,0,7', '700.0000,-0.0700,-100'],
    ],
  )
  t.deepEqual([cash(1), cash(2)], ['299.7900', '700.0700'])
  t.is(decimalText(readWide(stage.ledger.venue, 0), 4), '0.1400')
})

test('settle - an open buy holds its price and fee, and a better price releases the rest', async (t) => {
  const fees = { maker: '0.0001', taker: '0.001' }
  const open = await settled({ fees }, [buy(1, 10, 10_050, of(1))])
  t.is(open.held(1), '1006.0050')
  const better = await settled({ fees }, [sell(9, 4, 10_000, of(2)), buy(1, 10, 10_050, of(1))])
  t.is(better.held(1), '603.6030')
  const gone = await settled({ fees }, [sell(9, 4, 10_000, of(2)), buy(1, 10, 10_050, of(1)), cancelOrder(1)])
  t.is(gone.held(1), '0.0000')
})

test('settle - tiers go by what was traded before, in the period', async (t) => {
  const fees = {
    maker: '0',
    taker: '0.001',
    period: 'month' as const,
    tiers: [{ volume: '150', maker: '0', taker: '0.0005' }],
  }
  const pair = (id: number): Command[] => [sell(id, 1, 10_000, of(2)), buy(id + 1, 1, 10_000, of(1))]
  const at = (date: string): Command => setTime(BigInt(Date.parse(date)) * 1_000_000n)
  const { reports } = await settled({ fees }, [
    at('2026-01-30'),
    ...pair(1),
    ...pair(3),
    ...pair(5),
    at('2026-01-31T23:59:59Z'),
    ...pair(7),
    at('2026-02-01'),
    ...pair(9),
  ])
  t.deepEqual(
    reports.filter(({ liquidity }) => liquidity === 'taker').map(({ feePpm }) => feePpm),
    [1_000, 1_000, 500, 500, 1_000],
  )
})

test('settle - an auction has makers only, at a rate of its own', async (t) => {
  const { reports } = await settled({ fees: { maker: '0.0001', taker: '0.001', auction: '0.0002' } }, [
    setState(TradingState.openingAuction),
    buy(1, 2, 10_100, of(1)),
    sell(2, 2, 10_000, of(2)),
    setState(TradingState.continuous),
  ])
  t.deepEqual(
    reports.map(({ side, liquidity, feePpm, client }) => [side, liquidity, feePpm, client]),
    [
      [0, 'auction', 200, 1],
      [1, 'auction', 200, 2],
    ],
  )
})

test('settle - the file nets each day by client and instrument, and is the same each time', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-settle-'))
  const commands = [
    setTime(DAY),
    sell(1, 5, 10_000, of(2)),
    buy(2, 3, 10_000, of(1)),
    buy(3, 2, 10_000, of(3)),
    buy(4, 2, 9_900, of(2)),
    sell(5, 1, 9_900, of(1)),
    sell(6, 2, 40, { client: 3, instrument: 1 }),
    buy(7, 2, 40, { client: 1, instrument: 1 }),
    setTime(2 * DAY),
    sell(8, 1, 9_900, of(3)),
  ]
  const files = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const file = join(directory, name)
      const venue = market()
      const options = { decimals: 2, fees: { maker: '0', taker: '0.001' }, settlement: { file } }
      const events = inBatches(recordsOf(commands), 3, commands.length - 3).pipe(
        match(venue),
        settle(venue, options),
      )
      await bytesOf(events)
      return readFileSync(file, 'utf8')
    }),
  )
  t.is(files[1], files[0])
  const [text = ''] = files
  t.is(
    text.split('#')[0],
    [
      'date,client,instrument,trades,bought,sold,net_quantity,net_amount,fees,net_cash',
      '1970-01-02,one,AAPL,2,3,1,2,-201.00,0.40,-201.40',
      '1970-01-02,one,INTC,1,20,0,20,-400.00,0.40,-400.40',
      '1970-01-02,three,AAPL,1,2,0,2,-200.00,0.20,-200.20',
      '1970-01-02,three,INTC,1,0,20,-20,400.00,0.00,400.00',
      '1970-01-02,two,AAPL,3,1,5,-4,401.00,0.00,401.00',
      '1970-01-02,*,AAPL,6,6,6,0,0.00,0.60,-0.60',
      '1970-01-02,*,INTC,2,20,20,0,0.00,0.40,-0.40',
      '1970-01-03,three,AAPL,1,0,1,-1,99.00,0.10,98.90',
      '1970-01-03,two,AAPL,1,1,0,1,-99.00,0.00,-99.00',
      '1970-01-03,*,AAPL,2,1,1,0,0.00,0.10,-0.10',
      '',
    ].join('\n'),
  )
  t.regex(text, /\n# 5 trades, crc32 [0-9a-f]{8}\n$/)
})

test('settle - options that are none are refused', (t) => {
  const venue = market()
  t.throws(() => settle(venue, { fees: { maker: 'x' } }), { message: /^settle\.fees\.maker/ })
  t.throws(() => new SettleStage(venue, { fees: { maker: '2' } }), { message: /fees maker/ })
  t.throws(() => new SettleStage(venue, { accounts: { one: { cash: '0.000000001' } } }), { message: /cash/ })
  t.throws(() => new SettleStage(venue, { accounts: { one: { holdings: { INTC: '5' } } } }), {
    message: /lot/,
  })
  t.throws(() => new SettleStage(venue, { accounts: { one: { holdings: { NONE: '5' } } } }), {
    message: /NONE/,
  })
})

test('settle - an instrument whose steps are finer than a unit of money ends the run with the reason', async (t) => {
  const venue = market()
  const events = inBatches(recordsOf([buy(1, 1, 5)]), 1).pipe(match(venue), settle(venue, { decimals: 1 }))
  await t.throwsAsync(bytesOf(events), { message: /one tick times one lot of AAPL/ })
})
