import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { EventKind } from '../src/book/index.ts'
import { ingest, Market, match, publish, risk, validate } from '../src/operators/index.ts'
import { millrace, root, start } from './support/cli.ts'
import { NatsServer } from './support/nats-server.ts'
import { spawned } from './support/spawned.ts'
import { ended } from './support/streams.ts'

async function printed(example: string): Promise<string> {
  const args = ['--conditions=millrace-source', join('examples', example)]
  const { code, stdout, stderr } = await spawned(process.execPath, args, { cwd: root })
  if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}\n${stderr}`)
  return stdout
}

test('examples - each of them is run here', (t) => {
  t.deepEqual(readdirSync(join(root, 'examples')).sort(), [
    'book.ts',
    'max-rate.ndjson',
    'max-rate.test.ts',
    'max-rate.test.yaml',
    'max-rate.ts',
    'max-rate.yaml',
    'nats-client.ts',
    'operators.ts',
    'plain-nats.js',
  ])
})

test('examples - clients over NATS, one with the library and one with the document alone', async (t) => {
  const server = await NatsServer.start()
  process.env['NATS_URL'] = server.url
  const exchange = start(['run', join(root, 'pipelines/nats-exchange.yaml'), '--quiet'])
  const connection = await server.connect()
  for (;;) {
    const table = await connection.request('md.instruments', '', { timeout: 1_000 }).catch(() => undefined)
    if (table !== undefined) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const lines = (text: string): string[] => text.trimEnd().split('\n')
  t.deepEqual(lines(await printed('plain-nats.js')), [
    'client 101, order 1: accepted',
    'client 102, order 1: accepted',
    'trade: 10 at 58540 ticks',
  ])
  const own = lines(await printed('nats-client.ts')).filter((line) => !line.startsWith('book:'))
  t.deepEqual(own, ['sell: accepted', 'sell again: known', 'trade: 4 at 585.50', 'best offer: 6 lots left'])
  exchange.child.kill('SIGTERM')
  await exchange.ended
  await server.stop()
})

test('examples - the engine on its own trades what crosses', async (t) => {
  t.is(await printed('book.ts'), '100 at 585.40, 200 left\n')
})

test('examples - the test of an operator of its own passes', async (t) => {
  const out = await printed('max-rate.test.ts')
  t.regex(out, /pass 4\n/)
  t.regex(out, /fail 0\n/)
})

test('examples - the test of a file with an operator of its own passes', async (t) => {
  const { code, stdout, stderr } = await millrace(['test', 'examples/max-rate.test.yaml'])
  t.deepEqual([code, stdout, stderr], [0, '2 passed, 0 failed\n', ''])
})

test('examples - a file names an operator of its own', async (t) => {
  const args = ['run', 'examples/max-rate.yaml', '--input', 'examples/max-rate.ndjson']
  const { code, stdout, stderr } = await millrace(args)
  t.is(code, 0, stderr)
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  t.deepEqual(
    events.map(({ event, id, taker, code }) => [event, id ?? taker, code]),
    [
      ['accepted', 'a1', undefined],
      ['accepted', 'a2', undefined],
      ['accepted', 'b1', undefined],
      ['trade', 'b1', undefined],
      ['rejected', 'a3', 'CODE_120'],
      ['accepted', 'a4', undefined],
    ],
  )
  t.regex(stderr, /too fast: 1 orders/)
})

test('examples - the operators find the largest trade of each instrument', async (t) => {
  const market = new Market([
    { symbol: 'AAPL', tick: '0.01', lot: '1', referencePrice: '585.33' },
    { symbol: 'INTC', tick: '0.01', lot: '1', referencePrice: '27.07' },
  ])
  const trades: { symbol: string; lots: number; price: string }[] = []
  await ended(
    ingest(market, { simulate: { seed: 7, orders: 10_000 } }).pipe(
      validate(market),
      risk(market, { maxOrderLots: 50_000, collarTicks: 500 }),
      match(market),
      publish(market, (event) => {
        if (event.kind !== EventKind.trade) return
        const symbol = market.instruments.symbol(event.instrument)
        const price = market.instruments.formatPrice(event.instrument, event.priceTicks)
        trades.push({ symbol, lots: event.lots, price })
      }),
    ),
  )
  const lines = ['AAPL', 'INTC'].map((symbol) => {
    const own = trades.filter((trade) => trade.symbol === symbol)
    const most = Math.max(...own.map(({ lots }) => lots))
    const { lots, price } = own.find((trade) => trade.lots === most)!
    return `${symbol}: ${lots} at ${price}`
  })
  t.deepEqual((await printed('operators.ts')).trimEnd().split('\n').sort(), lines)
})
