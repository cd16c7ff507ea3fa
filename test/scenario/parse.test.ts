import * as fc from 'fast-check'
import test from 'ava'
import { EventKind, OrderType, RejectCode, Side, TimeInForce, type Command } from '../../src/book/index.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'
import { runScenario } from '../../src/scenario/run.ts'
import type { CommandStep } from '../../src/scenario/scenario.ts'

/** Problems as `line:column message`. */
function problemsOf(text: string): string[] {
  return parseScenarios('a.scenario', text).problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
}

/** The commands of a scenario with these lines. */
function commandsOf(...lines: string[]): Command[] {
  const { scenarios, problems } = parseScenarios('a.scenario', ['scenario: one', ...lines].join('\n'))
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return scenarios[0]!.steps.flatMap((step) => (step.kind === 'command' ? [step.command] : []))
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

/** A line behind two orders, A to sell and B to buy, and what is wrong with it: its column and the message. */
const WRONG: readonly (readonly [line: string, column: number, message: string])[] = [
  ['bye 1 @ 1 by A', 1, 'expected buy, sell, cancel, amend, >, book: or scenario:, got "bye"'],
  ['buy', 4, 'expected a quantity, got the end of the line'],
  ['buy many @ 1 by A', 5, 'expected a quantity, got "many"'],
  ['buy 1 1 by A', 7, 'expected "@" and a price, or "market", got "1"'],
  ['buy 1 @', 8, 'expected a price, got the end of the line'],
  ['buy 1 @ dear by A', 9, 'expected a price, got "dear"'],
  ['buy 1 @ 1', 10, 'who? expected "by" and the name of a client'],
  ['buy 1 @ 1 by', 13, 'expected the name of a client, got the end of the line'],
  ['buy 1 @ 1 by 7', 14, 'expected the name of a client, got "7"'],
  ['buy 1 @ 1 by venue', 19, 'the venue enters no orders: it only cancels and amends'],
  ['buy 1 @ 1 by A as 1', 19, 'expected a name for the order, got "1"'],
  ['buy 1 @ 1 by A day', 16, 'expected by, as, in, limit, gtc, ioc, fok, set or marked, got "day"'],
  ['buy 1 @ 1 by A ioc fok', 20, '"fok": the time in force has been said before on this line'],
  ['buy 1 @ 1 limit 2 by A', 11, '"limit": the price has been said before on this line'],
  ['buy 1 @ 1 by A by B', 16, '"by": the client has been said before on this line'],
  [
    'buy 1 @ 1 by A set colour 1',
    20,
    'expected kind, side, type, time-in-force, instrument or id, got "colour"',
  ],
  ['buy 1 @ 1 by A set side 256', 25, 'expected a whole number from 0 to 255, got "256"'],
  ['buy 1 @ 1 by A marked BAD', 23, 'there is no reject code "BAD"'],
  ['cancel', 7, 'expected the name of an order, got the end of the line'],
  ['cancel A ioc', 10, 'expected by, in, set or marked, got "ioc"'],
  ['amend A from 1', 9, 'expected by, to, @, in, set or marked, got "from"'],
  ['amend A to 1 to 2', 14, '"to": the quantity has been said before on this line'],
  ['  >', 4, 'expected accepted, trade, cancelled, amended, rejected or nothing, got the end of the line'],
  ['  > filled A', 5, 'expected accepted, trade, cancelled, amended, rejected or nothing, got "filled"'],
  ['  > nothing more', 13, 'expected the end of the line, got "more"'],
  ['  > trade 1 @ 1 B', 17, 'expected TAKER/MAKER, got "B"'],
  ['  > trade 1 @ 1 B/Z', 17, 'no order above is called "Z"'],
  ['  > trade 1.5 @ 1 B/A', 11, '"1.5" is not a multiple of the lot, 1'],
  ['  > trade 1 @ 1.005 B/A', 15, '"1.005" is not a multiple of the tick, 0.01'],
  ['  > trade 1 @ 1 B/A leaving 3', 29, 'expected what taker and maker have open, such as 50/0, got "3"'],
  ['  > trade 1 at 1 B/A', 13, 'expected "@", got "at"'],
  ['  > trade 1 @ 1 B/A later', 21, 'expected the end of the line, got "later"'],
  ['  > trade 99999999999999999999 @ 1 B/A', 11, 'a quantity with too many digits: "99999999999999999999"'],
  ['  > cancelled 1 tired A', 17, 'expected user, ioc, fok, no-liquidity or book-full, got "tired"'],
  ['  > cancelled 1 ioc Z', 21, 'no order above is called "Z"'],
  ['  > amended A 1 @ 1', 15, 'expected "to", got "1"'],
  ['  > rejected NO', 14, 'there is no reject code "NO"'],
  ['book: 1 x 1', 12, 'expected "|", got the end of the line'],
  ['book: 1 1 |', 9, 'expected "x", got "1"'],
  ['book: 1 x 1 (two) |', 13, 'expected a count of orders, such as (2), got "(two)"'],
  ['book: 1 x 1, | 2 x 1', 14, 'expected a price, got "|"'],
  ['book: empty 1', 13, 'expected the end of the line, got "1"'],
  ['book Y: empty', 6, 'expected ":" or a symbol and ":", got "Y:"'],
  ['book X empty', 6, 'expected ":" or a symbol and ":", got "X"'],
  ['instrument Y', 1, 'an instrument must stand above the first command'],
  ['scenario:', 10, 'expected a name, got the end of the line'],
  ['scenario: one', 11, 'another scenario of this file is called "one"'],
]

for (const [line, column, message] of WRONG)
  test(`parse - "${line.trim()}" is told at column ${column}`, (t) => {
    const told = problemsOf(`scenario: one\nsell 1 @ 2 by A\nbuy 1 @ 1 by B\n${line}`)
    t.is(told[0], `4:${column} ${message}`)
  })

test('parse - a line is told once, and every wrong line is told', (t) => {
  const told = problemsOf('scenario: one\nbuy x @ y by 7\nsell 1 @ 1 by A\ncancel 7\n')
  t.deepEqual(told, ['2:5 expected a quantity, got "x"', '4:8 expected the name of an order, got "7"'])
})

test('parse - what stands above the first scenario is told', (t) => {
  t.deepEqual(problemsOf('buy 1 @ 1 by A\n'), ['1:1 expected "scenario:" and a name first, got "buy"'])
})

test('parse - an expected event without a command is told', (t) => {
  const below = 'an expected event must stand below its command'
  t.deepEqual(problemsOf('scenario: one\n> nothing\nbuy 1 @ 1 by A\nbook: 1 x 1 |\n> nothing\n'), [
    `2:1 ${below}`,
    `5:1 ${below}`,
  ])
})

test('parse - a scenario without commands is told where it begins', (t) => {
  t.deepEqual(problemsOf('scenario: one\n# soon\nscenario: two\nbuy 1 @ 1 by A\nscenario: three'), [
    '1:1 scenario "one" has no commands',
    '5:1 scenario "three" has no commands',
  ])
})

test('parse - a wrong instrument is told', (t) => {
  const told = (line: string) => problemsOf(`scenario: one\n${line}\nbuy 1 @ 1 by A`)[0]
  t.is(told('instrument'), '2:11 expected a symbol, got the end of the line')
  t.is(told('instrument Y tock 1'), '2:14 expected tick, lot, min, max, largest or reference, got "tock"')
  t.is(told('instrument Y tick 1 tick 2'), '2:21 "tick" has been said before on this line')
  t.regex(told('instrument Y tick none')!, /^2:12 instrument Y: tick expected a decimal number above 0/)
  t.regex(told('instrument Y\ninstrument Y')!, /^3:12 instrument Y: symbol is already there$/)
})

const WORDS =
  'scenario: buy sell cancel amend > trade cancelled amended accepted rejected nothing book: book ' +
  'X: empty instrument tick lot max @ | , x (2) to by as in limit market ioc fok set id kind ' +
  'marked OFF_TICK leaving open A B A/B X user 1 0 -1 1.005 1e99 9007199254740992 # __proto__ ' +
  'constructor'
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

test('parse - every verb of an event that the engine has can be expected', (t) => {
  const told = problemsOf('scenario: one\nbuy 1 @ 1 by A\n> none')
  for (const kind of Object.keys(EventKind)) t.true(told[0]!.includes(kind), kind)
})
