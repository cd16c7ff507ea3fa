import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import {
  amendOrder,
  Batch,
  cancelOrder,
  CancelReason,
  CommandKind,
  EventKind,
  Instruments,
  MatchingEngine,
  newOrder,
  pushCommand,
  RECORD_WORDS,
  Side,
} from '../../src/book/index.ts'
import { bookChecksum } from '../../src/transport/book-checksum.ts'
import { encodeCredit, encodeHello } from '../../src/transport/credit.ts'
import { encodeFrame, FrameKind, FrameReader } from '../../src/transport/frame.ts'
import { root } from '../support/cli.ts'

const text = readFileSync(join(root, 'docs/protocol.md'), 'utf8')

/** The bytes of a vector that the document shows. */
function shown(name: string): Buffer {
  const found = new RegExp(`\`\`\`hex ${name}\n([0-9a-f\\s]+)\`\`\``).exec(text)
  if (found === null) throw new Error(`docs/protocol.md shows no vector ${name}`)
  return Buffer.from(found[1]!.replaceAll(/\s/g, ''), 'hex')
}

test('protocol - the commands that are shown are what is written', (t) => {
  const commands = new Batch(2)
  pushCommand(commands, newOrder({ orderId: 1, client: 7, side: Side.buy, lots: 10, priceTicks: 58_533 }))
  pushCommand(commands, cancelOrder(1, 7))
  const header = { kind: FrameKind.commands, firstSequence: 1, source: 42n, sentNs: 1_000_000_000n }
  t.deepEqual(Buffer.from(encodeFrame(header, commands.words, 0, 2)), shown('commands'))
})

test('protocol - the events that are shown are what the engine makes', (t) => {
  const engine = new MatchingEngine(new Instruments([{ symbol: 'AAPL', tick: '0.01', lot: '1' }]))
  const commands = new Batch(2)
  const order = { priceTicks: 58_533 }
  pushCommand(
    commands,
    newOrder({ ...order, orderId: 7 * 2 ** 32 + 1, client: 7, side: Side.sell, lots: 10, sequence: 1 }),
  )
  pushCommand(
    commands,
    newOrder({ ...order, orderId: 8 * 2 ** 32 + 1, client: 8, side: Side.buy, lots: 4, sequence: 2 }),
  )
  engine.apply(commands.words, 0)
  engine.events.count = 0
  engine.apply(commands.words, RECORD_WORDS)
  const header = { kind: FrameKind.events, firstSequence: 5, source: 42n, cause: 2 }
  t.deepEqual(Buffer.from(encodeFrame(header, engine.events.words, 0, engine.events.count)), shown('events'))
})

test('protocol - asking for credit and giving it look as shown', (t) => {
  t.deepEqual(Buffer.from(encodeHello(42n, 1)), shown('hello'))
  t.deepEqual(
    Buffer.from(encodeCredit({ receiver: 99n, next: 1, limit: 65_536, again: false })),
    shown('credit'),
  )
})

test('protocol - every vector is a good frame', (t) => {
  const reader = new FrameReader()
  for (const name of ['commands', 'events', 'hello', 'credit'])
    t.is(reader.read(shown(name)), undefined, name)
})

test('protocol - the checksum of a book is as shown', (t) => {
  const bids = [
    { priceTicks: 58_532, lots: 5 },
    { priceTicks: 58_530, lots: 12 },
  ]
  t.is(bookChecksum(bids, [{ priceTicks: 58_540, lots: 6 }]).toString(16), 'd4c78489')
  t.true(text.includes('`d4c78489`'))
})

test('protocol - numbers in the tables are those of the records', (t) => {
  const dashed = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  for (const [name, number] of Object.entries(EventKind))
    t.true(text.includes(`${number} ${dashed(name)}`), name)
  for (const [name, number] of Object.entries(CommandKind))
    t.true(text.includes(`${number} ${dashed(name)}`), name)
  t.is(CancelReason.kill, 13)
  t.is(amendOrder(1, {}).kind, 3)
})
