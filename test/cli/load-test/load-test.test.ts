import { readFileSync } from 'node:fs'
import test from 'ava'
import { brokenBy, parseAssertion } from '../../../src/cli/load-test/assertions.ts'
import { burstyArrivals, uniformArrivals } from '../../../src/cli/load-test/arrivals.ts'
import { htmlReport } from '../../../src/cli/load-test/html-report.ts'
import type { Link, Told } from '../../../src/cli/load-test/links.ts'
import { loadTest } from '../../../src/cli/load-test/load-test.ts'
import { recordedDay } from '../../../src/cli/load-test/lobster-day.ts'
import { ordersOf, type Planned } from '../../../src/cli/load-test/orders.ts'
import { createKey } from '../../../src/server/keys.ts'
import { millrace } from '../../support/cli.ts'
import { Folder } from '../../support/folder.ts'
import { ServedPipeline } from '../../support/served.ts'

const symbols = [{ symbol: 'AAPL', tick: '0.01', lot: '1', middle: 100 }]
const flow = { clients: 10, perSecond: 1_000, seed: 3, tag: 't', symbols }

function first<A>(count: number, of: Iterable<A>): A[] {
  const taken: A[] = []
  for (const one of of) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

test('arrivals - uniform ones are evenly apart, bursty ones are not, and both keep the rate', (t) => {
  t.deepEqual(first(3, uniformArrivals(1_000)), [0, 1e6, 2e6])
  const times = first(200_000, burstyArrivals(1_000, 5))
  const seconds = times.at(-1)! / 1e9
  t.true(Math.abs(times.length / seconds / 1_000 - 1) < 0.2, `${times.length / seconds}/s`)
  const counts = new Map<number, number>()
  for (const ns of times) counts.set(Math.floor(ns / 1e8), (counts.get(Math.floor(ns / 1e8)) ?? 0) + 1)
  const bins = Array.from({ length: Math.floor(seconds * 10) }, (_, at) => counts.get(at) ?? 0)
  const mean = bins.reduce((a, b) => a + b, 0) / bins.length
  const variance = bins.reduce((sum, bin) => sum + (bin - mean) ** 2, 0) / bins.length
  t.true(variance / mean > 3, `Fano factor ${variance / mean}`)
  t.deepEqual(first(50, burstyArrivals(1_000, 5)), times.slice(0, 50))
})

test('orders - a cancel storm takes back nearly at once all that it has sent in its second', (t) => {
  const planned = first(2_000, ordersOf('cancel-storm', flow))
  const sent = planned.filter(({ command, dueNs }) => command.op === 'new' && dueNs < 1e9)
  const cancels = planned.filter(({ command, dueNs }) => command.op === 'cancel' && dueNs < 1e9)
  t.deepEqual(
    cancels.map(({ command }) => command.id),
    sent.map(({ command }) => command.id),
  )
  t.true(cancels.every(({ dueNs }) => dueNs >= 0.98e9))
})

test('orders - a mix has orders that rest, orders that trade, and cancels of own orders', (t) => {
  const planned = first(5_000, ordersOf('uniform', flow))
  const owner = new Map(
    planned.flatMap(({ command, client }) => (command.op === 'new' ? [[command.id, client]] : [])),
  )
  const cancels = planned.filter(({ command }) => command.op === 'cancel')
  t.true(cancels.length > 1_000)
  t.true(cancels.every(({ command, client }) => owner.get(command.id) === client))
  t.true(planned.filter(({ command }) => command.timeInForce === 'IOC').length > 500)
  t.true(planned.every(({ command }) => command.op !== 'new' || /^\d+\.\d\d$/.test(command.price!)))
})

test('orders - a recorded day keeps its pattern, stretched to the rate', async (t) => {
  const folder = new Folder({
    'day.csv':
      '34200.0,1,11,18,2239500,-1\n34200.5,1,12,5,2239400,1\n34201.0,4,11,8,2239500,-1\n34201.5,2,11,4,2239500,-1\n34202.0,3,12,5,2239400,1\n34202.1,5,0,1,2239400,1\n',
  })
  t.teardown(() => folder.remove())
  const planned = await recordedDay(folder.at('day.csv'), { ...flow, perSecond: 5 }, 100)
  t.deepEqual(
    planned.map(({ command }) => [
      command.op,
      command.side,
      command.price,
      command.quantity,
      command.timeInForce,
    ]),
    [
      ['new', 'sell', '223.95', '18', undefined],
      ['new', 'buy', '223.94', '5', undefined],
      ['new', 'buy', '223.95', '8', 'IOC'],
      ['amend', undefined, undefined, '14', undefined],
      ['cancel', undefined, undefined, undefined, undefined],
    ],
  )
  t.deepEqual(
    planned.map(({ dueNs }) => Math.round(dueNs / 1e6)),
    [0, 250, 500, 750, 1000],
  )
})

/** A server that answers nothing until it has heard so many commands, and then after a while everything at once. */
class Stalled implements Link {
  sent = 0
  private readonly held: (() => void)[] = []
  private readonly until: number
  private readonly stallMs: number

  constructor(until = Infinity, stallMs = 0) {
    this.until = until
    this.stallMs = stallMs
  }

  send(): Promise<Told> {
    this.sent++
    if (this.sent === this.until)
      setTimeout(() => {
        for (const answer of this.held) answer()
      }, this.stallMs)
    return new Promise((resolve) => {
      this.held.push(() => resolve({ isAccepted: true, code: undefined, fills: 1 }))
    })
  }

  close(): void {}
}

test('load test - a server that stalls does not slow the sending, and its stall is in every latency', async (t) => {
  const link = new Stalled(100, 200)
  const plan: Planned[] = first(100, ordersOf('uniform', { ...flow, clients: 1 }))
  const result = await loadTest(plan, [link], { durationMs: 300 })
  t.is(link.sent, 100, 'all were sent before the first answer')
  t.is(result.answered, 100)
  t.is(result.fills, 100)
  t.true(
    result.latency.percentilesNs[0]! >= 240e6,
    'the median waited for half of the sending and all of the stall',
  )
  t.true(result.latency.percentilesNs[0]! >= result.service.percentilesNs[0]!)
})

test('load test - what is never answered is counted, and what fails is told by its reason', async (t) => {
  const silent = new Stalled()
  const plan = first(10, ordersOf('uniform', { ...flow, clients: 1 }))
  const unanswered = await loadTest(plan, [silent], { durationMs: 100, graceMs: 20 })
  t.like(unanswered, { sent: 10, answered: 0, unanswered: 10 })
  t.is(brokenBy([parseAssertion('p99<5ms')], unanswered).length, 1, 'no answer is no proof of a fast one')
  const broken: Link = { send: () => Promise.reject(new Error('answer 503')), close: () => {} }
  const failed = await loadTest(plan, [broken], { durationMs: 100 })
  t.like(failed, { sent: 10, answered: 0, unanswered: 0, errors: { 'answer 503': 10 } })
  t.deepEqual(brokenBy([parseAssertion('errors<=9')], failed), [{ text: 'errors<=9', value: 10 }])
})

test('load test - an assertion that cannot be read is refused with its place', (t) => {
  t.throws(() => parseAssertion('p99<fast'), { message: /--assert:1:5 expected a number/ })
  t.throws(() => parseAssertion('p98<5ms'), { message: /unknown p98, expected one of p50/ })
  t.throws(() => parseAssertion('p99<5ms for 3s'), { message: /"for" has no meaning/ })
})

test('load test - the page loads nothing, and text in it is text', async (t) => {
  const link = new Stalled(3)
  const plan = first(3, ordersOf('uniform', { ...flow, clients: 1 }))
  const html = htmlReport('<b>&', await loadTest(plan, [link], { durationMs: 50 }), ['p99<1ns'])
  t.notRegex(html, /(?:src|href)=|@import|url\(/)
  t.true(html.includes('&lt;b>&amp;') && html.includes('p99&lt;1ns'))
  t.is(html.match(/<svg/g)!.length, 3)
  t.notRegex(html, /NaN|Infinity|undefined/)
})

for (const over of ['websocket', 'http'] as const)
  test.serial(
    `load - over ${over} every command of every client is answered, and assertions decide the code`,
    async (t) => {
      const folder = new Folder()
      const keysFile = folder.at('keys.json')
      folder.write('key', createKey(keysFile, 'load', 'trader', undefined))
      const served = await ServedPipeline.start({ keysFile, requestsPerSecond: 100_000 })
      t.teardown(async () => {
        await served.close()
        folder.remove()
      })
      const html = folder.at('report.html')
      const args = [
        'load',
        served.url,
        '--over',
        over,
        '--clients',
        '20',
        '--rate',
        '300',
        '--duration',
        '1',
        '--seed',
        '4',
      ]
      const keyed = [...args, '--key-file', folder.at('key'), '--format', 'json', '--html', html]
      const good = await millrace([
        ...keyed,
        '--assert',
        'errors<=0',
        '--assert',
        'fills>0',
        '--assert',
        'p50<10s',
      ])
      t.is(good.code, 0, good.stderr)
      const result = JSON.parse(good.stdout) as Record<string, number>
      t.is(result['sent'], 300)
      t.is(result['answered'], 300)
      t.is(served.pipeline.market.sequence, 300)
      t.regex(good.stderr, /\[#+\.*\] +\d+%/)
      t.true(readFileSync(html, 'utf8').includes('Latency by percentile'))
      const bad = await millrace([...keyed, '--quiet', '--assert', 'p50<1ns'])
      t.is(bad.code, 1)
      t.regex(bad.stderr, /not held: p50<1ns/)
      const unknown = await millrace(args)
      t.is(unknown.code, 69)
      t.regex(unknown.stderr, /answer 401/)
    },
  )
