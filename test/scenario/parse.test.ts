import * as fc from 'fast-check'
import test from 'ava'
import { OrderType, RejectCode, Side, TimeInForce, type Command } from '../../src/book/index.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { CommandStep } from '../../src/scenario/scenario.ts'

/** The commands of a scenario with these lines. */
function commandsOf(...lines: string[]): Command[] {
  const { scenarios, problems } = parseScenarios('a.scenario', ['scenario: one', ...lines].join('\n'))
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return scenarios[0]!.steps.flatMap((step) => (step.kind === 'command' ? [step.command] : []))
}

function without(command: Command, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(command).filter(([field]) => !fields.includes(field)))
}

test('parse - a file gives its scenarios with their names, lines and steps', (t) => {
  const text =
    '\uFEFF# about\n\nscenario: one # two\r\nbuy 1 @ 2 by A\r\nbook: 2 x 1 |\n\nscenario: three\ncancel A\n'
  const { scenarios, problems } = parseScenarios('a.scenario', text)
  t.deepEqual(problems, [])
  t.deepEqual(
    scenarios.map(({ file, line, name, steps }) => [file, line, name, steps.map(({ line }) => line)]),
    [
      ['a.scenario', 3, 'one', [4, 5]],
      ['a.scenario', 7, 'three', [8]],
    ],
  )
})

test('parse - a limit order becomes a command in ticks and lots', (t) => {
  t.deepEqual(commandsOf('sell 150 @ 10.01 by B ioc'), [
    {
      kind: 1,
      orderId: 1,
      client: 1,
      instrument: 0,
      side: Side.sell,
      orderType: OrderType.limit,
      timeInForce: TimeInForce.ioc,
      priceTicks: 1001,
      lots: 150,
      rejectCode: 0,
      sequence: 1,
    },
  ])
})

test('parse - options stand in any order', (t) => {
  const [one, two] = ['buy 5 @ 1 by A as x in X fok', 'buy 5 @ 1 fok in X as x by A'].map((line) =>
    commandsOf(line),
  )
  t.deepEqual(one, two)
})

test('parse - a market order is immediate or cancel unless it says otherwise, and its limit is its price', (t) => {
  const commands = commandsOf('buy 5 market by A', 'buy 5 market limit 0.07 by A gtc')
  t.deepEqual(
    commands.map(({ orderType, timeInForce, priceTicks }) => [orderType, timeInForce, priceTicks]),
    [
      [OrderType.market, TimeInForce.ioc, 0],
      [OrderType.market, TimeInForce.gtc, 7],
    ],
  )
})

test('parse - terms of an order become flags and fields', (t) => {
  const usual = [
    'kind',
    'orderId',
    'client',
    'instrument',
    'side',
    'priceTicks',
    'lots',
    'rejectCode',
    'sequence',
  ]
  const terms = (line: string) => without(commandsOf('buy 9 @ 1 by A', `${line} by A`)[1]!, usual)
  const { limit, stop, stopLimit, trailingStop } = OrderType
  const { gtc, day, gtd } = TimeInForce
  const cases: [string, object][] = [
    ['buy 9 @ 1 day', { orderType: limit, timeInForce: day }],
    ['buy 9 @ 1 gtd 77', { orderType: limit, timeInForce: gtd, expirySeconds: 77 }],
    ['buy 9 @ 1 post-only', { orderType: limit, timeInForce: gtc, flags: 1 }],
    ['buy 9 @ 1 slide hidden', { orderType: limit, timeInForce: gtc, flags: 6 }],
    ['buy 9 @ 1 display 3', { orderType: limit, timeInForce: gtc, displayLots: 3 }],
    ['buy 9 @ 1 min 3', { orderType: limit, timeInForce: gtc, minLots: 3 }],
    ['buy 9 @ 1 aon', { orderType: limit, timeInForce: gtc, flags: 8 }],
    ['buy 9 @ 1 reduce-only -5', { orderType: limit, timeInForce: gtc, flags: 16, positionLots: -5 }],
    ['buy 9 @ 1 linked A', { orderType: limit, timeInForce: gtc, flags: 32, linkedOrderId: 1 }],
    ['buy 9 @ 1 stp decrement', { orderType: limit, timeInForce: gtc, flags: 320 }],
    ['buy 9 market stop 0.07', { orderType: stop, timeInForce: gtc, stopTicks: 7 }],
    ['buy 9 @ 1 stop 0.07', { orderType: stopLimit, timeInForce: gtc, stopTicks: 7 }],
    ['buy 9 market trail 0.07', { orderType: trailingStop, timeInForce: gtc, stopTicks: 7 }],
  ]
  for (const [line, fields] of cases) t.deepEqual(terms(line), fields, line)
})

test('parse - what names no order becomes a command of its client, instrument, side, time or state', (t) => {
  const lines = ['instrument X', 'instrument Y', 'buy 1 @ 1 by A', 'buy 1 @ 1 by B']
  const asked = (line: string) => without(commandsOf(...lines, line)[2]!, ['rejectCode', 'sequence'])
  const [instrument, all] = [1, -1]
  const cases: [string, object][] = [
    ['mass-cancel', { kind: 5, orderId: 0, client: 0, instrument: all, side: 2 }],
    ['mass-cancel by B in Y sell', { kind: 5, orderId: 0, client: 2, instrument, side: 1 }],
    ['kill B', { kind: 6, orderId: 0, client: 2, instrument: all }],
    ['release', { kind: 7, orderId: 0, client: 0, instrument: all }],
    [
      'time 1700000000.5',
      { kind: 8, orderId: 0, client: 0, instrument: all, timestampNs: 1_700_000_000_500_000_000n },
    ],
    ['state closed in Y', { kind: 9, orderId: 0, client: 0, instrument, lots: 6 }],
    ['group B 7', { kind: 10, orderId: 0, client: 2, instrument: all, lots: 7 }],
  ]
  for (const [line, command] of cases) t.deepEqual(asked(line), command, line)
})

test('parse - a replace names both orders, and the new one is known behind it', (t) => {
  const lines = ['buy 9 @ 1 by A', 'replace A as B to 5 @ 2 stop 3', 'cancel B']
  t.deepEqual(
    commandsOf(...lines).map((each) => [
      each.orderId,
      each.linkedOrderId,
      each.client,
      each.lots,
      each.stopTicks,
    ]),
    [
      [1, undefined, 1, 9, undefined],
      [2, 1, 1, 5, 300],
      [2, undefined, 1, 0, undefined],
    ],
  )
})

test('parse - an event elsewhere is in the steps of its instrument', (t) => {
  const text = `scenario: one
instrument X
instrument Y tick 0.5 lot 0.1
buy 1 @ 1 by A in Y
mass-cancel
> cancelled 1 mass A in Y
`
  const { steps } = parseScenarios('a.scenario', text).scenarios[0]!
  t.is((steps[1] as CommandStep).expected[0]!.text, 'cancelled 1.0 mass A in Y')
})

test('parse - market data is asked for scenario by scenario', (t) => {
  const text = 'scenario: one\nmarket-data\nbuy 1 @ 1 by A\nscenario: two\nbuy 1 @ 1 by A\n'
  const { scenarios } = parseScenarios('a.scenario', text)
  t.deepEqual(
    scenarios.map(({ marketData }) => marketData),
    [true, false],
  )
})

test('parse - clients and orders are numbered as they come up, and a name stands for one id', (t) => {
  const lines = [
    'buy 1 @ 1 by A',
    'buy 1 @ 1 by B',
    'buy 1 @ 1 by A',
    'buy 1 @ 1 by A as B',
    'cancel A2',
    'cancel X by venue',
  ]
  t.deepEqual(
    commandsOf(...lines).map(({ orderId, client }) => [orderId, client]),
    [
      [1, 1],
      [2, 2],
      [3, 1],
      [2, 1],
      [3, 1],
      [4, 0],
    ],
  )
})

test('parse - a name that is taken is passed over', (t) => {
  const lines = ['buy 1 @ 1 by A as A2', 'buy 1 @ 1 by A', 'buy 1 @ 1 by A', 'cancel A3', 'cancel A2']
  t.deepEqual(
    commandsOf(...lines).map(({ orderId }) => orderId),
    [1, 2, 3, 3, 1],
  )
})

test('parse - what no record holds is refused as an input refuses it', (t) => {
  const { OFF_TICK, OFF_LOT, INVALID_PRICE, INVALID_QUANTITY, EXCEEDS_MAX_SIZE } = RejectCode
  const cases: [string, number][] = [
    ['buy 1 @ 1.005 by A', OFF_TICK],
    ['buy 1 market stop 1.005 by A', OFF_TICK],
    ['buy 1 market stop 1e12 by A', RejectCode.INVALID_STOP_PRICE],
    ['buy 1 @ 1 display 0.5 by A', OFF_LOT],
    ['buy 1 @ 1 display 1e12 by A', RejectCode.INVALID_DISPLAY],
    ['buy 1 @ 1 min -0.5 by A', RejectCode.INVALID_MIN_QUANTITY],
    ['buy 1 @ 1 reduce-only -0.5 by A', OFF_LOT],
    ['buy 1 @ 1 reduce-only -1e12 by A', EXCEEDS_MAX_SIZE],
    ['buy 1.5 @ 1 by A', OFF_LOT],
    ['buy 1 @ 1e12 by A', INVALID_PRICE],
    ['buy 1 @ -1.005 by A', INVALID_PRICE],
    ['buy -1.5 @ 1 by A', INVALID_QUANTITY],
    ['buy 1e12 @ 1 by A', EXCEEDS_MAX_SIZE],
    ['buy 1 @ 1.005 by A marked RISK_NOTIONAL', RejectCode.RISK_NOTIONAL],
  ]
  for (const [line, code] of cases) t.is(commandsOf(line)[0]!.rejectCode, code, line)
})

test('parse - expected events are told as the engine tells them', (t) => {
  const text = `scenario: one
sell 1 @ 10 by A
sell 2 @ 10 by B
buy 1 @ 10 by C
> trade 1 @ 10 C/A leaving 0/0
`
  const { steps } = parseScenarios('a.scenario', text).scenarios[0]!
  const { expected } = steps[2] as CommandStep
  t.deepEqual(expected, [
    { word: 'trade', text: 'trade 1 @ 10.00 C/A', details: new Map([['leaving', '0/0']]) },
  ])
})

test('parse - instruments above the first scenario hold where a scenario names none', (t) => {
  const text =
    'instrument Y tick 0.5\nscenario: one\nbuy 1 @ 1 by A\nscenario: two\ninstrument Z\nbuy 1 @ 1 by A\n'
  const { scenarios } = parseScenarios('a.scenario', text)
  t.deepEqual(
    scenarios.map(({ scope: { instruments } }) => [
      instruments.count,
      instruments.symbol(0),
      instruments.formatPrice(0, 1),
    ]),
    [
      [1, 'Y', '0.5'],
      [1, 'Z', '0.01'],
    ],
  )
})

const WORDS =
  'scenario: buy sell cancel amend > trade cancelled amended accepted rejected nothing book: book ' +
  'X: empty instrument tick lot max @ | , x (2) to by as in limit market ioc fok set id kind ' +
  'marked OFF_TICK leaving open A B A/B X user 1 0 -1 1.005 1e99 9007199254740992 # __proto__ ' +
  'constructor stop trail day gtd post-only slide display hidden min aon reduce-only linked stp allow replace ' +
  'mass-cancel kill release time state group halted market-data replaced triggered applied level best ' +
  'indication none empty surplus cause order open of A: gone position ahead band pause'
const word = fc.constantFrom(...WORDS.split(' '))
const lines = fc.array(
  fc.array(word, { maxLength: 9 }).map((words) => words.join(' ')),
  { maxLength: 12 },
)

test('parse - any text gives scenarios or problems, and any scenario runs', (t) => {
  const engine = { apply: () => [], depth: () => [] }
  let ran = 0
  const property = fc.property(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      lines.map((all) => `scenario: s\nbuy 1 @ 1 by A\n${all.join('\n')}`),
    ),
    (text) => {
      const { scenarios, problems } = parseScenarios('a.scenario', text)
      const count = text.split('\n').length
      for (const { line, column } of problems) if (line < 1 || line > count || column < 1) return false
      for (const scenario of scenarios) {
        runScenario(scenario, () => engine)
        ran++
      }
      return true
    },
  )
  fc.assert(property, { numRuns: 1_000 })
  t.true(ran > 100)
})
