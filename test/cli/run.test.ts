import test from 'ava'
import type { Totals } from '../../src/operators/index.ts'
import { PROBE_EVERY } from '../../src/telemetry/stage-clock.ts'
import { machineNode, millrace, nodes } from '../support/cli.ts'

const EXCHANGE = ['run', 'pipelines/exchange.yaml']

interface Report {
  readonly pipeline: string
  readonly commands: number
  readonly seconds: number
  readonly ordersPerSecond: number
  readonly latencyNs: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly summary: {
    readonly totals: Totals
    readonly instruments: readonly { symbol: string; bids: unknown[]; offers: unknown[] }[]
  }
}

test.serial("run - is tried with the machine's own Node.js too, where there is one", (t) => {
  t.log(machineNode === undefined ? 'not tried: there is no other node on the PATH' : machineNode)
  t.pass()
})

for (const [name, node] of nodes)
  test.serial(`run - the exchange reports figures that add up (${name})`, async (t) => {
    const args = [...EXCHANGE, '--orders', '20000', '--format', 'json']
    const { code, stdout, stderr } = await millrace(args, '', { node })
    t.is(code, 0, stderr)
    const { summary, ...report } = JSON.parse(stdout) as Report
    const { totals } = summary
    t.is(report.pipeline, 'exchange')
    t.is(report.commands, 20_000)
    t.is(totals.commands, 20_000)
    t.is(totals.accepted + totals.amended + totals.cancels + totals.rejected, 20_000)
    t.is(totals.orders.filled + totals.orders.cancelled + totals.orders.resting, totals.accepted)
    t.is(totals.lots.filled + totals.lots.cancelled + totals.lots.resting, totals.lots.entered)
    t.true(totals.addsUp)
    t.true(totals.trades > 1_000 && totals.rejected > 100)
    t.is(report.ordersPerSecond, Math.round(report.commands / report.seconds))
    const stages = ['orders', 'validate', 'risk', 'match', 'report', 'whole', 'batch']
    t.deepEqual(Object.keys(report.latencyNs), stages)
    for (const stage of stages)
      t.deepEqual(Object.keys(report.latencyNs[stage]!), [
        'samples',
        'mean',
        'p50',
        'p95',
        'p99',
        'p99.9',
        'p99.99',
        'max',
      ])
    t.is(report.latencyNs['match']!['samples'], Math.floor(20_000 / PROBE_EVERY))
    t.deepEqual(
      summary.instruments.map(({ symbol, bids, offers }) => [symbol, bids.length, offers.length]),
      ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT'].map((symbol) => [symbol, 5, 5]),
    )
  })

test.serial('run - the same seed gives the same totals and books, another seed others', async (t) => {
  const summaryOf = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await millrace([...EXCHANGE, '--orders', '5000', '--format', 'json', ...args])
    return (JSON.parse(stdout) as Report).summary
  }
  const seed8 = ['--set', 'stages.orders.from.simulate.seed=8']
  const [one, two, other] = await Promise.all([summaryOf(), summaryOf(), summaryOf(...seed8)])
  t.deepEqual(one, two)
  t.notDeepEqual(one, other)
})

test.serial(
  'run - the report for people has the counts, percentiles and five levels of each instrument',
  async (t) => {
    const { code, stdout, stderr } = await millrace([...EXCHANGE, '--orders', '20000'])
    t.is(code, 0, stderr)
    t.regex(stdout, /^exchange: 20,000 commands in \d+\.\d\d s, [\d,]+ orders\/s\n/)
    t.true(stdout.includes('\nthe counts add up\n'))
    t.regex(stdout, /\n {2}an order spends in +mean +p50 +p95 +p99 +p99\.9 +p99\.99 +max +samples\n/)
    for (const symbol of ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT']) {
      const [, , ...levels] = stdout.slice(stdout.indexOf(`\n${symbol}  best bid `) + 1).split('\n')
      const empty = levels.findIndex((line) => line.trim() === '')
      t.is(empty, 5, `${symbol}: five levels`)
      for (const level of levels.slice(0, empty))
        t.regex(level, /^ +\d+ +\d+ +\d+\.\d\d +\d+\.\d\d +\d+ +\d+$/)
    }
  },
)

test.serial('run - ends by itself after so many seconds', async (t) => {
  const { code, stdout, stderr } = await millrace([...EXCHANGE, '--duration', '1', '--format', 'json'])
  t.is(code, 0, stderr)
  const { summary, seconds, commands } = JSON.parse(stdout) as Report
  t.true(summary.totals.addsUp)
  t.true(commands > 0 && seconds > 0.5)
})

test.serial('run - of a count of orders and a duration, what comes first ends it', async (t) => {
  const { stdout } = await millrace([...EXCHANGE, '--duration', '500', '--orders', '700', '--format', 'json'])
  t.is((JSON.parse(stdout) as Report).commands, 700)
})

test.serial('run - values can be set from outside, and that shows in what is refused', async (t) => {
  const sets = ['stages.risk.limits.maxOrderLots=1', 'stages.orders.from.simulate.badShare=0']
  const args = sets.flatMap((value) => ['--set', value])
  const { stdout } = await millrace([...EXCHANGE, '--orders', '2000', '--format', 'json', ...args])
  const { rejectedBy } = (JSON.parse(stdout) as Report).summary.totals
  t.true(rejectedBy['RISK_ORDER_SIZE']! > 500)
})

for (const check of [['--check'], ['--check', '50'], ['--check=7']])
  test.serial(`run - with ${check.join(' ')} the figures are the same`, async (t) => {
    const args = [...EXCHANGE, '--orders', '500', '--format', 'json']
    const [plain, checked] = await Promise.all([millrace(args), millrace([...args, ...check])])
    t.is(checked.code, 0, checked.stderr)
    t.deepEqual((JSON.parse(checked.stdout) as Report).summary, (JSON.parse(plain.stdout) as Report).summary)
  })

test.serial('run - says nothing where it is told to be quiet', async (t) => {
  const { code, stdout, stderr } = await millrace([...EXCHANGE, '--orders', '100', '--quiet'])
  t.deepEqual([code, stdout, stderr], [0, '', ''])
})
