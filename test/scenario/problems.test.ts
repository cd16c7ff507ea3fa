import test from 'ava'
import { EventKind } from '../../src/book/index.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'

/** Problems as `line:column message`. */
function problemsOf(text: string): string[] {
  return parseScenarios('a.scenario', text).problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
}

const VERBS =
  'buy, sell, cancel, amend, replace, mass-cancel, kill, release, time, state, group, ' +
  '>, book:, order, open or scenario:'
const NEW_OPTIONS =
  'by, as, in, limit, stop, trail, gtc, ioc, fok, day, gtd, post-only, slide, display, hidden, min, aon, ' +
  'reduce-only, linked, stp, set or marked'
const FIELDS =
  'kind, side, type, time-in-force, flags, instrument, client, id, price, lots, stop, display, position, ' +
  'min, expiry or link'
const EVENTS =
  'accepted, trade, cancelled, amended, replaced, triggered, applied, state, indication, level, best, ' +
  'rejected or nothing'
const REASONS =
  'user, ioc, fok, no-liquidity, book-full, expiry, self-trade, mass, halt, linked, min-quantity, ' +
  'all-or-none or kill'
const STP = 'allow, cancel-newest, cancel-oldest, cancel-both or decrement'
const STATES = 'pre-open, opening-auction, continuous, halted, closing-auction or closed'

/** A line behind two orders, A to sell and B to buy, and what is wrong with it: its column and the message. */
const WRONG: readonly (readonly [line: string, column: number, message: string])[] = [
  ['bye 1 @ 1 by A', 1, `expected ${VERBS}, got "bye"`],
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
  ['buy 1 @ 1 by A days', 16, `expected ${NEW_OPTIONS}, got "days"`],
  ['buy 1 @ 1 by A ioc fok', 20, '"fok": the time in force has been said before on this line'],
  ['buy 1 @ 1 limit 2 by A', 11, '"limit": the price has been said before on this line'],
  ['buy 1 @ 1 by A by B', 16, '"by": the client has been said before on this line'],
  ['buy 1 @ 1 by A set colour 1', 20, `expected ${FIELDS}, got "colour"`],
  ['buy 1 @ 1 by A set side 256', 25, 'expected a whole number from 0 to 255, got "256"'],
  ['buy 1 @ 1 by A marked BAD', 23, 'there is no reject code "BAD"'],
  ['cancel', 7, 'expected the name of an order, got the end of the line'],
  ['cancel A ioc', 10, 'expected by, in, set or marked, got "ioc"'],
  ['amend A from 1', 9, 'expected by, to, @, stop, trail, in, set or marked, got "from"'],
  ['amend A to 1 to 2', 14, '"to": the quantity has been said before on this line'],
  ['  >', 4, `expected ${EVENTS}, got the end of the line`],
  ['  > filled A', 5, `expected ${EVENTS}, got "filled"`],
  ['  > nothing more', 13, 'expected the end of the line, got "more"'],
  ['  > trade 1 @ 1 B', 17, 'expected TAKER/MAKER, got "B"'],
  ['  > trade 1 @ 1 B/Z', 17, 'no order above is called "Z"'],
  ['  > trade 1.5 @ 1 B/A', 11, '"1.5" is not a multiple of the lot, 1'],
  ['  > trade 1 @ 1.005 B/A', 15, '"1.005" is not a multiple of the tick, 0.01'],
  ['  > trade 1 @ 1 B/A leaving 3', 29, 'expected what taker and maker have open, such as 50/0, got "3"'],
  ['  > trade 1 at 1 B/A', 13, 'expected "@", got "at"'],
  ['  > trade 1 @ 1 B/A later', 21, 'expected the end of the line, got "later"'],
  ['  > trade 99999999999999999999 @ 1 B/A', 11, 'a quantity with too many digits: "99999999999999999999"'],
  ['  > cancelled 1 tired A', 17, `expected ${REASONS}, got "tired"`],
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
  ['buy 1 @ 1 by A stop cheap', 21, 'expected a stop price, got "cheap"'],
  ['buy 1 @ 1 by A trail 1', 22, 'a trailing stop has no price: expected "market" before "trail"'],
  ['buy 1 market by A stop 1 trail 1', 26, '"trail": the stop price has been said before on this line'],
  ['buy 1 @ 1 by A gtd soon', 20, 'expected a second from 0 to 2147483647, got "soon"'],
  ['buy 1 @ 1 by A day gtd 1', 20, '"gtd": the time in force has been said before on this line'],
  ['buy 1 @ 1 by A post-only slide', 26, '"slide": post-only has been said before on this line'],
  ['buy 1 @ 1 by A display', 23, 'expected a quantity, got the end of the line'],
  ['buy 1 @ 1 by A min few', 20, 'expected a quantity, got "few"'],
  ['buy 1 @ 1 by A hidden hidden', 23, '"hidden": hidden has been said before on this line'],
  ['buy 1 @ 1 by A reduce-only long', 28, 'expected a position, got "long"'],
  ['buy 1 @ 1 by A linked 1', 23, 'expected the name of an order, got "1"'],
  [
    'buy 1 @ 1 by A linked B min 1',
    30,
    '"linked" goes with neither "min" nor "gtd": a record holds only one of them',
  ],
  [
    'buy 1 @ 1 by A reduce-only 1 display 1',
    39,
    '"reduce-only" does not go with "display": a record holds only one of them',
  ],
  ['buy 1 @ 1 by A stp never', 20, `expected ${STP}, got "never"`],
  [
    'buy 1 @ 1 by A set stop 2147483648',
    25,
    'expected a whole number from -2147483648 to 2147483647, got "2147483648"',
  ],
  ['replace A by C', 11, 'expected "as", got "by"'],
  ['replace A as 7', 14, 'expected a name for the order, got "7"'],
  ['replace A as C for 2', 16, 'expected by, to, @, stop, trail, in, set or marked, got "for"'],
  ['mass-cancel A', 13, 'expected by, in, buy, sell, set or marked, got "A"'],
  ['mass-cancel buy sell', 17, '"sell": the side has been said before on this line'],
  ['kill 7', 6, 'expected the name of a client, got "7"'],
  ['release A B', 11, 'expected set or marked, got "B"'],
  ['time', 5, 'expected seconds since 1970, got the end of the line'],
  ['time -1', 6, 'expected seconds since 1970, got "-1"'],
  ['time 1.0000000001', 6, 'expected seconds since 1970, got "1.0000000001"'],
  ['state open', 7, `expected ${STATES}, got "open"`],
  ['state closed by A', 14, 'expected in, set or marked, got "by"'],
  ['group A', 8, 'expected a group, got the end of the line'],
  ['group A x', 9, 'expected a group from 0 to 2147483647, got "x"'],
  ['market-data', 1, '"market-data" must stand above the first command'],
  ['  > replaced A to B', 16, 'expected "by", got "to"'],
  ['  > replaced A by Z to 1', 19, 'no order above is called "Z"'],
  ['  > triggered Z', 15, 'no order above is called "Z"'],
  ['  > triggered A at noon', 20, 'expected a price, got "noon"'],
  ['  > applied twice', 13, 'expected the end of the line, got "twice"'],
  ['  > applied in X', 13, 'expected the end of the line, got "in"'],
  ['  > cancelled 1 mass A in Z', 27, 'no instrument is called "Z"'],
  ['  > state open', 11, `expected ${STATES}, got "open"`],
  ['  > state closed cause whim', 24, 'expected command, price-band or pause-over, got "whim"'],
  ['  > indication some', 16, 'expected a quantity, got "some"'],
  ['  > indication 1 @ 2 surplus some', 30, 'expected buy or sell, got "some"'],
  ['  > level bid 1 x 1 (1)', 11, 'expected buy or sell, got "bid"'],
  ['  > level buy 1 x 1', 20, 'expected a count of orders, got the end of the line'],
  ['  > level buy 1 x 1 1', 21, 'expected a count of orders, such as (2), got "1"'],
  ['  > best 1 x 1', 15, 'expected "|", got the end of the line'],
  ['  > best none | nothing', 17, 'expected a price, got "nothing"'],
  ['order A', 7, 'expected the name of an order and ":", got "A"'],
  ['order Z: gone', 7, 'no order above is called "Z"'],
  ['order A: there', 10, 'expected open or gone, got "there"'],
  ['order A: gone away', 15, 'expected the end of the line, got "away"'],
  ['order A: open 1 @ 2 position 0', 30, 'expected a place in the queue from 1 to 2147483647, got "0"'],
  ['open for A: none', 6, 'expected "of", got "for"'],
  ['open of A', 9, 'expected the name of a client and ":", got "A"'],
  ['open of C: none', 9, 'no client above is called "C"'],
  ['open of A: A B', 14, 'expected the end of the line, got "B"'],
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

const TERMS = 'tick, lot, min, max, largest, reference, band, pause or stp'

test('parse - a wrong instrument is told', (t) => {
  const told = (line: string) => problemsOf(`scenario: one\n${line}\nbuy 1 @ 1 by A`)[0]
  t.is(told('instrument'), '2:11 expected a symbol, got the end of the line')
  t.is(told('instrument Y tock 1'), `2:14 expected ${TERMS}, got "tock"`)
  t.is(told('instrument Y stp no'), `2:18 expected ${STP}, got "no"`)
  t.is(told('instrument Y pause long'), '2:20 expected seconds from 0 to 86400, got "long"')
  t.is(told('instrument Y tick 1 tick 2'), '2:21 "tick" has been said before on this line')
  t.regex(told('instrument Y tick none')!, /^2:12 instrument Y: tick expected a decimal number above 0/)
  t.regex(told('instrument Y\ninstrument Y')!, /^3:12 instrument Y: symbol is already there$/)
})

test('parse - every verb of an event that the engine has can be expected', (t) => {
  const told = problemsOf('scenario: one\nbuy 1 @ 1 by A\n> none')
  // Decisions are a router's, not the engine's.
  for (const kind of Object.keys(EventKind).filter((name) => name !== 'decision'))
    t.true(told[0]!.includes(kind === 'bestPrices' ? 'best' : kind), kind)
})
