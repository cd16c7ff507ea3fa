// The matcher of the transport bench, a process of its own: orders in by NATS or JetStream, trades out by NATS.
import { lastValueFrom } from 'rxjs'
import { ingest, match, publish, risk, validate } from '../../src/operators/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import { BENCH_INSTRUMENT } from './flow.ts'

const [url, kind, ordersText] = process.argv.slice(2) as [string, 'nats' | 'jetstream', string]
const market = new Market([BENCH_INSTRUMENT])
const servers = [url]
const from =
  kind === 'nats'
    ? { nats: { servers, subject: 'bench.orders', capacity: 262_144, senders: 1 } }
    : {
        jetstream: {
          servers,
          stream: 'bench-orders',
          subjects: ['bench.stored'],
          capacity: 262_144,
          messageRecords: 512,
        },
      }
process.send?.('ready')
const before = process.cpuUsage()
await lastValueFrom(
  ingest(market, from, { limit: Number(ordersText) }).pipe(
    validate(market),
    risk(market, { maxOrderLots: 1_000_000 }),
    match(market),
    publish(market, { nats: { servers, subject: 'bench.trades', credit: true } }),
  ),
)
const { user, system } = process.cpuUsage(before)
process.send?.({ hash: market.engine!.stateHash(), cpuUs: user + system })
