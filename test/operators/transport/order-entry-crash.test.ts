import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  connect,
  EventKind,
  CommandKind,
  OrderType,
  Side,
  TimeInForce,
  type MillraceClient,
} from '../../../src/client/index.ts'
import type { Command } from '../../../src/book/index.ts'
import { start, type Running } from '../../support/cli.ts'
import { NatsServer } from '../../support/nats-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-entry-crash-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function order(id: number): Command {
  const [side, priceTicks] = id % 2 === 0 ? [Side.buy, 5_000 + (id % 7)] : [Side.sell, 5_003 + (id % 7)]
  const limit = { orderType: OrderType.limit, timeInForce: TimeInForce.gtc }
  return { kind: CommandKind.new, orderId: id, client: 7, instrument: 0, side, priceTicks, lots: 5, ...limit }
}

test('order entry - over kills of the process with a journal, every acknowledged order is there once', async (t) => {
  const server = await NatsServer.start()
  const file = join(folder, 'exchange.yaml')
  writeFileSync(
    file,
    `name: exchange
instruments: { AAPL: { tick: 0.01, lot: 1 } }
stages:
  - { id: orders, operator: ingest, from: { orderEntry: { servers: "${server.url}", subject: "orders.{client}", dir: "${folder}/entry" } } }
  - { id: validate, operator: validate }
  - { id: match, operator: match, journal: { dir: "${folder}/journal", durability: os } }
  - { id: answers, operator: publish, to: { orderEntry: {} } }
`,
  )
  const run = (): Running => start(['run', file, '--quiet'])
  let exchange = run()
  const client: MillraceClient = await connect({ servers: server.url })
  const answers = new Map<number, string>()
  for (let id = 1; id <= 300; id += 10) {
    const batch = Array.from({ length: 10 }, (_, i) => order(id + i))
    const sending = client.send(batch, 60_000)
    if (id % 100 === 51) {
      exchange.child.kill('SIGKILL')
      await exchange.ended
      exchange = run()
    }
    for (const [i, answer] of (await sending).entries())
      answers.set(id + i, `${answer.kind} ${answer.sequence}`)
  }
  t.is(new Set(answers.values()).size, 300, 'each under a sequence of its own')
  for (let id = 1; id <= 300; id += 10) {
    const again = await client.send(
      Array.from({ length: 10 }, (_, i) => order(id + i)),
      60_000,
    )
    for (const [i, answer] of again.entries()) {
      t.true(answer.isDuplicate, `order ${id + i}`)
      t.is(answer.sequence, Number(answers.get(id + i)!.split(' ')[1]), `order ${id + i}`)
    }
  }
  const cancelled = new Set<number>()
  for (let id = 1; id <= 300; id++) {
    const cancel: Command = { kind: CommandKind.cancel, orderId: id, client: 7 }
    const [first] = await client.send([cancel], 60_000)
    if (first!.kind === EventKind.cancelled) cancelled.add(id)
    const [second] = await client.send([cancel], 60_000)
    t.is(second!.kind, EventKind.rejected, `order ${id} was there once at most`)
  }
  t.true(cancelled.size > 10)
  await client.close()
  exchange.child.kill('SIGTERM')
  await exchange.ended
  await server.stop()
})
