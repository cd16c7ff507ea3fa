import test, { type ExecutionContext } from 'ava'
import { readU64, SEQUENCE } from '../../../src/book/record.ts'
import { defineOperator } from '../../../src/pipeline/define-operator.ts'
import { options, wholeNumber } from '../../../src/pipeline/codec.ts'
import type { Step } from '../../../src/pipeline/operator.ts'
import type { RunReport } from '../../../src/pipeline/runtime.ts'
import { CHECKS, fileText, lines, MATCH, ORDERS, Supervised } from './supervised.ts'

const REPORT = 'id: report, operator: publish, inputs: match, to: summary'
const WHOLE = fileText([ORDERS, ...CHECKS, MATCH, lines('lines', 'whole.ndjson'), REPORT])

/** What a run that nobody disturbs writes. */
async function undisturbed(t: ExecutionContext): Promise<string> {
  const one = await Supervised.of(t, WHOLE)
  await one.supervisor.run()
  return one.read('whole.ndjson')
}

function addsUp({ sections }: RunReport): boolean {
  const { figures } = sections.find(({ title }) => title === 'summary')!
  return (figures['totals'] as { addsUp: boolean }).addsUp
}

test.serial(
  'reload - under load nothing is lost or doubled, whatever is added, removed and changed',
  async (t) => {
    const whole = await undisturbed(t)
    const text = (...stages: string[]): string => fileText([ORDERS, ...CHECKS, MATCH, ...stages, REPORT])
    const one = await Supervised.of(t, text(lines('lines', '0.ndjson')))
    const over = one.supervisor.run()
    const texts = [
      text(lines('lines', '1.ndjson')),
      text(lines('lines', '1.ndjson'), lines('more', 'more.ndjson')),
      text(lines('lines', '2.ndjson'), lines('more', 'more.ndjson')),
      text(lines('lines', '2.ndjson')),
      // The same file again: it is written on, not emptied.
      text(`${lines('lines', '2.ndjson')}, boundary: true`).replace(
        'maxOrderLots: 50000',
        'maxOrderLots: 49999',
      ),
    ]
    const sequences: number[] = []
    for (const [index, next] of texts.entries()) {
      await one.past(40_000 * (index + 1))
      one.write(next)
      const reloaded = await one.supervisor.reload('user test')
      t.is(reloaded.outcome, 'swapped', reloaded.problems.join('\n'))
      t.true(reloaded.pauseMs! > 0)
      sequences.push(reloaded.sequence!)
    }
    const report = await over
    t.is(report.commands, 400_000)
    t.true(addsUp(report))
    t.true(
      one.read('0.ndjson', '1.ndjson', '2.ndjson') === whole,
      'the events are those of a run without reloads',
    )
    const added = whole.split('\n').filter((line) => {
      const sequence = Number(/"sequence":(\d+)/.exec(line)?.[1])
      return sequence > sequences[1]! && sequence <= sequences[3]!
    })
    t.true(
      one.read('more.ndjson') === `${added.join('\n')}\n`,
      'an added stage has all from then on, up to its end',
    )
    t.deepEqual(
      one.supervisor.revisions().map(({ number, who, why, diff }) => [number, who, why, diff.length > 0]),
      [1, 2, 3, 4, 5, 6].map((number) => [
        number,
        'user test',
        number === 1 ? 'start' : 'reload',
        number > 1,
      ]),
    )
  },
)

test.serial('reload - changed risk limits hold from the next command on, and positions stay', async (t) => {
  const text = (limits: string): string =>
    fileText([
      ORDERS,
      CHECKS[0]!,
      `id: risk, operator: risk, limits: { ${limits} }`,
      MATCH,
      lines('lines', 'out.ndjson'),
    ])
  const one = await Supervised.of(t, text('maxPositionLots: 1000000000, messagesPerSecond: 1000000'))
  const over = one.supervisor.run()
  await one.past(100_000)
  one.write(text('maxPositionLots: 1, messagesPerSecond: 1000000'))
  const { outcome, sequence, diff, problems } = await one.supervisor.reload('user test')
  t.is(outcome, 'swapped', problems.join('\n'))
  t.deepEqual(diff, ['~ risk limits.maxPositionLots: 1000000000 -> 1'])
  await over
  const refused = one
    .read('out.ndjson')
    .split('\n')
    .filter((line) => line.includes('"RISK_POSITION"'))
    .map((line) => JSON.parse(line) as { sequence: number; side?: string })
  t.true(refused.length > 1_000)
  t.true(refused.every((event) => event.sequence > sequence!))
  // With positions from nothing nobody could be above a lot, for nothing trades any more.
  t.true(refused.some((event) => event.sequence < sequence! + 200))
})

test.serial('reload - a broken file leaves the old one running and says why, with its place', async (t) => {
  const one = await Supervised.of(t, WHOLE)
  const over = one.supervisor.run()
  await one.past(20_000)
  one.write(WHOLE.replace('50000', 'ten'))
  const reloaded = await one.supervisor.reload('user test')
  t.is(reloaded.outcome, 'refused')
  t.deepEqual(
    reloaded.problems.map((problem) => one.folder.short(problem)),
    ['p.yaml:7:57 risk.limits.maxOrderLots: expected a whole number above 0, got "ten"'],
  )
  t.is((await over).commands, 400_000)
  t.true(one.read('whole.ndjson') === (await undisturbed(t)))
  t.deepEqual(one.supervisor.revisions(), [])
})

test.serial('reload - what cannot be handed over is refused with the reason', async (t) => {
  const one = await Supervised.of(t, WHOLE)
  const over = one.supervisor.run()
  const reasonsOf = async (text: string): Promise<string> => {
    one.write(text)
    const { outcome, problems } = await one.supervisor.reload('user test')
    t.is(outcome, 'refused')
    return problems.map((problem) => one.folder.short(problem)).join('\n')
  }
  t.regex(
    await reasonsOf(WHOLE.replace('tick: 0.01', 'tick: 0.001')),
    /^instruments\.AAPL: the terms .* cannot change/,
  )
  t.regex(
    await reasonsOf(WHOLE.replace('  AAPL', '  MSFT')),
    /^instruments\.AAPL: an instrument cannot be removed/,
  )
  t.regex(
    await reasonsOf(WHOLE.replace('operator: match', 'operator: match, marketData: true')),
    /^match\.\w[\w.]*: what match knows/,
  )
  t.regex(
    await reasonsOf(WHOLE.replace('operator: match', 'operator: match, journal: { dir: FOLDER/j }')),
    /^match\.\w[\w.]*: what match knows/,
  )
  t.regex(
    await reasonsOf(
      WHOLE.replace('inputs: match, to: { nd', 'inputs: match, placement: { thread: x }, to: { nd'),
    ),
    /on other threads hands over no state/,
  )
  t.regex(
    await reasonsOf(WHOLE.replace('FOLDER/whole', 'FOLDER/none/whole')),
    /^p\.yaml:9:\d+ lines\.to\.ndjson\.file: .*no such/,
  )
  t.is((await over).commands, 400_000)
})

let closed = 0
const sick = defineOperator({
  name: 'sick',
  consumes: 'event',
  traits: () => ({ readsOnly: true }),
  create: (): Step => ({
    process: () => {},
    health: () => Promise.reject(new Error('no pulse')),
    close: async () => void closed++,
  }),
}).operator

test.serial('reload - a new stage that is not healthy never gets to work', async (t) => {
  const one = await Supervised.of(t, WHOLE, {}, [sick])
  const over = one.supervisor.run()
  await one.past(20_000)
  one.write(`${WHOLE}  - { id: ill, operator: sick, inputs: match }\n`)
  const { outcome, problems } = await one.supervisor.reload('user test')
  t.is(outcome, 'refused')
  t.regex(problems.join(), /:11:\d+ ill: it is not healthy: no pulse$/)
  t.is(closed, 1)
  t.is((await over).commands, 400_000)
  t.true(one.read('whole.ndjson') === (await undisturbed(t)))
})

/** Takes a while for each record. */
const slow = defineOperator({
  name: 'slow',
  consumes: 'event',
  traits: () => ({ readsOnly: true }),
  options: options({}, { spins: wholeNumber({ min: 0 }) }),
  create: ({ spins = 0 }): Step => {
    let sum = 0
    return {
      process(words, at) {
        for (let i = 0; i < spins; i++) sum = (sum + words[at]! * i) | 0
      },
      report: () => ({ title: 'slow', lines: [], figures: { sum } }),
    }
  },
}).operator

const TIMED = ['runtime: { probeEvery: 13 }']

test.serial('reload - a budget that is breached takes it back by itself, and nothing is lost', async (t) => {
  const text = (spins: number): string =>
    fileText(
      [
        ORDERS,
        ...CHECKS,
        MATCH,
        `id: slow, operator: slow, spins: ${spins}, budget: { p50: 10us }`,
        lines('lines', 'whole.ndjson'),
        REPORT,
      ],
      TIMED,
    )
  const one = await Supervised.of(t, text(0), {}, [slow])
  const over = one.supervisor.run()
  await one.past(20_000)
  one.write(text(40_000))
  t.is((await one.supervisor.reload('user test')).outcome, 'swapped')
  await one.untilTold(/taken back by itself: p50 of slow is .* are allowed/)
  const report = await over
  t.is(report.commands, 400_000)
  t.true(addsUp(report))
  const last = one.supervisor.revisions().at(-1)!
  t.is(last.who, 'millrace')
  t.regex(last.why, /^taken back: p50 of slow/)
  t.deepEqual(last.diff, ['~ slow spins: 40000 -> 0'])
  t.true(one.read('whole.ndjson') === (await undisturbed(t)))
})

/** Fails at the hundredth record. */
const failing = defineOperator({
  name: 'failing',
  consumes: 'event',
  traits: () => ({ readsOnly: true }),
  create: (): Step => {
    let left = 100
    return {
      process(words, at) {
        if (left-- === 0) throw new Error(`enough at ${readU64(words, at + SEQUENCE)}`)
      },
    }
  },
}).operator

test.serial('reload - a new stage that fails is taken back by itself, and others go on', async (t) => {
  const one = await Supervised.of(t, WHOLE, {}, [failing])
  const over = one.supervisor.run()
  await one.past(20_000)
  one.write(`${WHOLE}  - { id: bad, operator: failing, inputs: match }\n`)
  t.is((await one.supervisor.reload('user test')).outcome, 'swapped')
  await one.untilTold(/taken back by itself: bad failed: enough at \d+/)
  const report = await over
  t.is(report.commands, 400_000)
  t.true(one.read('whole.ndjson') === (await undisturbed(t)))
})

test.serial('rollback - the text of a revision is in the file again, and runs', async (t) => {
  const one = await Supervised.of(t, WHOLE)
  const over = one.supervisor.run()
  await one.past(10_000)
  one.write(WHOLE.replace('maxOrderLots: 50000', 'maxOrderLots: 7'))
  await one.supervisor.reload('key 3')
  const { outcome, revision, diff } = await one.supervisor.rollback(1, 'key 4')
  t.deepEqual([outcome, revision, diff], ['swapped', 3, ['~ risk limits.maxOrderLots: 7 -> 50000']])
  t.is(one.read('p.yaml'), WHOLE.replaceAll('FOLDER', one.folder.path))
  t.deepEqual(
    one.supervisor.revisions().map(({ who, why }) => `${who}: ${why}`),
    ['key 3: start', 'key 3: reload', 'key 4: rollback to 1'],
  )
  await t.throwsAsync(one.supervisor.rollback(9, 'key 4'), { message: /no revision 9: there are 1, 2, 3$/ })
  await over
})

test.serial('reload - added instruments get the next numbers and can be traded', async (t) => {
  const text = (top: string, input: string): string =>
    fileText(
      [
        `id: orders, operator: ingest, from: { simulate: { seed: 7, orders: 100000 } }`,
        ...CHECKS,
        MATCH,
        lines('lines', input),
      ],
      [],
    ).replace('stages:', `${top}stages:`)
  const one = await Supervised.of(t, text('', 'out.ndjson'))
  const over = one.supervisor.run()
  await one.past(1_000)
  one.write(text('  MSFT: { tick: 0.01, lot: 1 }\n', 'out.ndjson'))
  const { outcome, problems } = await one.supervisor.reload('user test')
  t.is(outcome, 'swapped', problems.join('\n'))
  const { instruments } = one.supervisor.pipeline.market
  t.deepEqual([instruments.find('MSFT'), instruments.count], [1, 2])
  await over
})

test.serial('reload - a file that means the same changes nothing', async (t) => {
  const one = await Supervised.of(t, WHOLE)
  const { pipeline } = one.supervisor
  const over = one.supervisor.run()
  one.write(`# a comment\n${WHOLE.replace('operator: match', 'operator: match, marketData: false')}`)
  t.like(await one.supervisor.reload('user test'), { outcome: 'unchanged', problems: [], diff: [] })
  t.is(one.supervisor.pipeline, pipeline)
  await over
})

test.serial('reload - a bound on records is one for all pipelines together', async (t) => {
  const one = await Supervised.of(t, WHOLE, { run: { allowance: { left: 100_000 } } })
  const over = one.supervisor.run()
  await one.past(10_000)
  one.write(WHOLE.replace('50000', '49999'))
  t.is((await one.supervisor.reload('user test')).outcome, 'swapped')
  t.is((await over).commands, 100_000)
  t.is((await one.supervisor.reload('user test')).outcome, 'unchanged')
  one.write(WHOLE)
  t.like(await one.supervisor.reload('user test'), { outcome: 'refused', problems: ['the run is over'] })
})

test.serial('tap - goes on over a reload', async (t) => {
  const one = await Supervised.of(t, WHOLE)
  const over = one.supervisor.run()
  let latest = 0
  let sum = 0
  const tap = one.supervisor.tap('risk').subscribe(({ words, count }) => {
    sum += count
    latest = readU64(words, (count - 1) * 16 + SEQUENCE)
  })
  await one.past(10_000)
  one.write(WHOLE.replace('50000', '49999'))
  const { sequence } = await one.supervisor.reload('user test')
  await over
  tap.unsubscribe()
  t.true(latest > sequence!)
  t.true(sum > 300_000 && sum <= 400_000, `${sum}`)
})
