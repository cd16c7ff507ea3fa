import test from 'ava'
import { RejectCode, type Command } from '../../src/book/index.ts'
import { scenarioEngine } from '../../src/scenario/engine.ts'
import { parseScenarios } from '../../src/scenario/parse.ts'
import { formatFailure, runScenario, type CreateEngine } from '../../src/scenario/run.ts'

type Create = CreateEngine

/** What the first scenario of a text fails with, or undefined. */
function failureOf(lines: readonly string[], create: Create = scenarioEngine): string[] | undefined {
  const { scenarios, problems } = parseScenarios('a.scenario', ['scenario: one', ...lines].join('\n'))
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const failure = runScenario(scenarios[0]!, create)
  return failure && formatFailure(failure).trimEnd().split('\n')
}

const OFFERS = ['sell 100 @ 10.00 by A', 'sell 100 @ 10.01 by B']
const SWEEP = 'buy 250 @ 10.01 by C ioc'

test('run - a scenario that goes as it says has no failure', (t) => {
  const events = ['> trade 100 @ 10.00 C/A', '> trade 100 @ 10.01 C/B', '> cancelled 50 ioc C']
  t.is(failureOf([...OFFERS, SWEEP, ...events, 'book: empty']), undefined)
})

test('run - an event that does not come is told, with the line and the command', (t) => {
  t.deepEqual(failureOf(['buy 100 @ 10.00 by A', '> cancelled 100 ioc A']), [
    'a.scenario:2 one',
    '    buy 100 @ 10.00 by A',
    '    - > cancelled 100 ioc A',
  ])
})

test('run - an event that nobody expects is told beside those that came right', (t) => {
  const events = ['> trade 100 @ 10.00 C/A', '> cancelled 50 ioc C']
  t.deepEqual(failureOf([...OFFERS, SWEEP, ...events]), [
    'a.scenario:4 one',
    '    buy 250 @ 10.01 by C ioc',
    '      > trade 100 @ 10.00 C/A',
    '    + > trade 100 @ 10.01 C/B',
    '      > cancelled 50 ioc C',
  ])
})

test('run - the order of the events matters', (t) => {
  const events = ['> trade 100 @ 10.01 C/B', '> trade 100 @ 10.00 C/A', '> cancelled 50 ioc C']
  t.deepEqual(failureOf([...OFFERS, SWEEP, ...events])?.slice(2), [
    '    - > trade 100 @ 10.01 C/B',
    '      > trade 100 @ 10.00 C/A',
    '    + > trade 100 @ 10.01 C/B',
    '      > cancelled 50 ioc C',
  ])
})

test('run - a command without expected events must cause none', (t) => {
  t.deepEqual(failureOf([OFFERS[0]!, 'buy 10 @ 10.00 by B'])?.slice(2), ['    + > trade 10 @ 10.00 B/A'])
  t.deepEqual(failureOf([OFFERS[0]!, 'buy 10 @ 10.00 by B', '> nothing'])?.length, 3)
})

test('run - a quantity, a price, a reason or a name that is wrong fails', (t) => {
  const good = ['> trade 100 @ 10.00 C/A', '> trade 100 @ 10.01 C/B', '> cancelled 50 ioc C']
  const swaps: [number, string][] = [
    [0, '> trade 99 @ 10.00 C/A'],
    [0, '> trade 100 @ 10.01 C/A'],
    [0, '> trade 100 @ 10.00 A/C'],
    [1, '> trade 100 @ 10.01 C/A'],
    [2, '> cancelled 51 ioc C'],
    [2, '> cancelled 50 fok C'],
    [2, '> cancelled 50 ioc B'],
    [0, '> trade 100 @ 10.00 C/A leaving 150/1'],
    [0, '> trade 100 @ 10.00 C/A leaving 149/0'],
  ]
  t.is(failureOf([...OFFERS, SWEEP, ...good]), undefined)
  for (const [at, line] of swaps) {
    const failure = failureOf([...OFFERS, SWEEP, ...good.with(at, line)])
    t.true(failure?.includes(`    - ${line}`), line)
  }
})

test('run - a detail is shown on both sides where it is asked for', (t) => {
  const lines = ['buy 10 @ 10.00 by B', '> trade 10 @ 10.00 B/A leaving 0/100']
  t.deepEqual(failureOf([OFFERS[0]!, ...lines])?.slice(2), [
    '    - > trade 10 @ 10.00 B/A leaving 0/100',
    '    + > trade 10 @ 10.00 B/A leaving 0/90',
  ])
})

test('run - an amend and a reject code that are wrong fail', (t) => {
  t.deepEqual(failureOf([OFFERS[0]!, 'amend A to 50', '> amended A to 50 @ 10.01 open 49'])?.slice(2), [
    '    - > amended A to 50 @ 10.01 open 49',
    '    + > amended A to 50 @ 10.00 open 50',
  ])
  t.deepEqual(failureOf(['cancel A', '> rejected OFF_LOT'])?.slice(2), [
    '    - > rejected OFF_LOT',
    '    + > rejected UNKNOWN_ORDER',
  ])
})

test('run - a book that is wrong shows the book that there is', (t) => {
  const cases: [string, string][] = [
    ['book: empty', 'book: | 10.00 x 100, 10.01 x 100'],
    ['book: | 10.00 x 100', 'book: | 10.00 x 100, 10.01 x 100'],
    ['book: | 10.00 x 99, 10.01 x 100', 'book: | 10.00 x 100, 10.01 x 100'],
    ['book: 10.00 x 100, 10.01 x 100 |', 'book: | 10.00 x 100, 10.01 x 100'],
    ['book: | 10.00 x 100 (2), 10.01 x 100', 'book: | 10.00 x 100 (1), 10.01 x 100 (1)'],
  ]
  for (const [line, book] of cases)
    t.deepEqual(failureOf([...OFFERS, line]), [
      'a.scenario:4 one',
      `    ${line}`,
      `    - ${line}`,
      `    + ${book}`,
    ])
  t.is(failureOf([...OFFERS, 'book: | 10.00 x 100 (1), 10.01 x 100']), undefined)
})

test('run - it ends at the first step that goes otherwise', (t) => {
  t.is(failureOf(['book: 1.00 x 1 |', 'cancel A', '> nothing'])?.[0], 'a.scenario:2 one')
})

test('run - an order that is refused though nothing says so fails', (t) => {
  t.deepEqual(failureOf(['buy 0 @ 10.00 by A'])?.slice(2), [
    '    - > accepted A',
    '    + > rejected INVALID_QUANTITY',
  ])
})

test('run - an order that is accepted though it should be refused fails', (t) => {
  t.deepEqual(failureOf(['buy 1 @ 10.00 by A', '> rejected OFF_TICK'])?.slice(2), [
    '    - > rejected OFF_TICK',
    '    + > accepted A',
  ])
})

test('run - accepted may be said, and then it is compared', (t) => {
  t.is(failureOf(['buy 5 @ 10.00 by A', '> accepted A open 5']), undefined)
  t.deepEqual(failureOf(['buy 5 @ 10.00 by A', '> accepted A open 4'])?.slice(2), [
    '    - > accepted A open 4',
    '    + > accepted A open 5',
  ])
})

test('run - an engine that forgets to accept fails', (t) => {
  const silent: Create = (instruments, options) => {
    const engine = scenarioEngine(instruments, options)
    return { ...engine, apply: (command) => engine.apply(command).slice(1) }
  }
  t.deepEqual(failureOf(['buy 5 @ 10.00 by A'], silent)?.slice(2), ['    - > accepted A'])
})

test('run - an event in another instrument is told so', (t) => {
  const astray: Create = (instruments, options) => {
    const engine = scenarioEngine(instruments, options)
    return {
      ...engine,
      apply: (command) => engine.apply(command).map((event) => ({ ...event, instrument: 1 })),
    }
  }
  const lines = ['instrument X', 'instrument Y', 'buy 5 @ 10.00 by A']
  t.deepEqual(failureOf(lines, astray)?.slice(2), ['    - > accepted A', '    + > accepted A in Y'])
})

test('run - the engine gets every command, in order and numbered', (t) => {
  const seen: Command[] = []
  const create: Create = (instruments, options) => {
    const engine = scenarioEngine(instruments, options)
    return {
      ...engine,
      apply: (command) => {
        seen.push(command)
        return engine.apply(command)
      },
    }
  }
  const lines = [
    'buy 5 @ 10.00 by A',
    'cancel B',
    '> rejected UNKNOWN_ORDER',
    'cancel A marked OFF_TICK',
    '> rejected OFF_TICK',
  ]
  t.is(failureOf(lines, create), undefined)
  t.deepEqual(
    seen.map(({ orderId, sequence, rejectCode }) => [orderId, sequence, rejectCode]),
    [
      [1, 1, 0],
      [2, 2, 0],
      [1, 3, RejectCode.OFF_TICK],
    ],
  )
})

test('run - a command that names no order is applied, whether the scenario says so or not', (t) => {
  t.is(failureOf(['time 5', 'time 6', '> applied', 'kill', '> nothing']), undefined)
  t.deepEqual(failureOf(['time 5', 'time 4'])?.slice(2), ['    - > applied', '    + > rejected INVALID_TIME'])
  t.deepEqual(failureOf(['time 5', '> rejected INVALID_TIME'])?.slice(2), [
    '    - > rejected INVALID_TIME',
    '    + > applied',
  ])
})

test('run - an event of another instrument is expected where it is', (t) => {
  const lines = ['instrument X', 'instrument Y', 'buy 5 @ 1 by A in Y', 'mass-cancel']
  t.is(failureOf([...lines, '> cancelled 5 mass A in Y']), undefined)
  t.deepEqual(failureOf([...lines, '> cancelled 5 mass A'])?.slice(2), [
    '    - > cancelled 5 mass A',
    '    + > cancelled 5 mass A in Y',
  ])
})

test('run - levels and best prices come where market data is asked for', (t) => {
  const lines = ['buy 5 @ 1 by A', '> level buy 1 x 5 (1)', '> best 1 x 5 | none']
  t.is(failureOf(['market-data', ...lines]), undefined)
  t.deepEqual(failureOf(lines)?.slice(2), ['    - > level buy 1.00 x 5 (1)', '    - > best 1.00 x 5 | none'])
  t.deepEqual(failureOf(['market-data', ...lines.with(1, '> level buy 1 x 5 (2)')])?.slice(2), [
    '    - > level buy 1.00 x 5 (2)',
    '    + > level buy 1.00 x 5 (1)',
    '      > best 1.00 x 5 | none',
  ])
})

test('run - an order that is not as a scenario says shows what it is', (t) => {
  const lines = ['buy 5 @ 1 by A', 'buy 7 @ 1 by B']
  t.is(failureOf([...lines, 'order B: open 7 @ 1 position 2 ahead 5 shown 7']), undefined)
  const cases: [string, string, string][] = [
    ['order B: open 6 @ 1', 'order B: open 6 @ 1.00', 'order B: open 7 @ 1.00'],
    ['order B: gone', 'order B: gone', 'order B: open 7 @ 1.00'],
    ['order B: open 7 @ 1 ahead 4', 'order B: open 7 @ 1.00 ahead 4', 'order B: open 7 @ 1.00 ahead 5'],
    ['open of A: none', 'open of A: none', 'open of A: A'],
    ['open of A: A, B', 'open of A: A, B', 'open of A: A'],
  ]
  for (const [line, expected, got] of cases)
    t.deepEqual(failureOf([...lines, line])?.slice(2), [`    - ${expected}`, `    + ${got}`], line)
})

test('run - an engine that keeps no orders by name is not asked for them', (t) => {
  const mute: Create = (instruments, options) => {
    const engine = scenarioEngine(instruments, options)
    return {
      apply: (command) => engine.apply(command),
      depth: (instrument, side, levels) => engine.depth(instrument, side, levels),
    }
  }
  t.is(failureOf(['buy 5 @ 1 by A', 'order A: gone', 'open of A: none'], mute), undefined)
})
