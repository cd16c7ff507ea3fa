import test from 'ava'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { Batch } from '../../src/book/index.ts'
import type { Chunks } from '../../src/operators/input/chunks.ts'
import { openOrders, OrderText } from '../../src/operators/orders/order-text.ts'
import { Market } from '../../src/pipeline/market.ts'
import {
  cut,
  drain,
  orderLine as line,
  type ReadCommand,
  readCommands,
  smallMarket,
} from '../support/text-input.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-order-text-'))

test('lines - blank ones are passed over, and a last one needs no end', async (t) => {
  const commands = await readCommands(`\n  \r\n${line({ id: 'a' })}\r\n\t\n${line({ id: 'b' })}`)
  t.deepEqual(
    commands.map((command) => command.id),
    ['a', 'b'],
  )
})

test('lines - a byte order mark is no part of the first', async (t) => {
  t.like((await readCommands(`\ufeff${line()}`))[0]!, { id: 'a1', code: undefined })
  t.like((await readCommands(cut(Buffer.from(`\ufeff${line()}`), [1])))[0]!, { id: 'a1', code: undefined })
})

test('lines - characters are whole wherever chunks are cut', async (t) => {
  const text = [line({ id: 'é€😀', client: 'Zoë' }), line({ id: 'ß' })].join('\n')
  for (const length of [1, 2, 3, 5]) {
    const commands = await readCommands(cut(Buffer.from(text), [length]))
    t.deepEqual(
      commands.map(({ id, client, code }) => [id, client, code]),
      [
        ['é€😀', 'Zoë', undefined],
        ['ß', 'anonymous', undefined],
      ],
    )
  }
})

test('lines - one that is not UTF-8 is refused, and those around it are read', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from(`${line({ id: 'é' })}\n{"id":"`),
    Buffer.from([0xc3, 0x28]),
    Buffer.from(`"}\n${line({ id: 'c' })}\n`),
  ])
  for (const lengths of [[bytes.length], [1], [70]]) {
    const commands = await readCommands(cut(bytes, lengths))
    t.deepEqual(
      commands.map(({ id, code, detail }) => [id, code, detail]),
      [
        ['é', undefined, undefined],
        ['', 'MALFORMED', 'line is not valid UTF-8'],
        ['c', undefined, undefined],
      ],
    )
  }
})

test('lines - one longer than 64 KiB is refused whatever it holds, and those around it are read', async (t) => {
  const fits = `{"id":"a","x":"${'y'.repeat(65_536 - 17)}"}`
  t.is(fits.length, 65_536)
  const text = [fits, `${fits} `, `${fits}é`, line({ id: 'c' }), `{"id":"${'z'.repeat(200_000)}`].join('\n')
  for (const lengths of [[text.length], [65_536], [1_000]]) {
    const commands = await readCommands(cut(Buffer.from(text), lengths), { format: 'ndjson' })
    t.deepEqual(
      commands.map(({ detail }) => detail?.slice(0, 17)),
      ['unknown key "x"', 'line is longer th', 'line is longer th', undefined, 'line is longer th'],
    )
  }
})

test('format - the first character that is not blank decides', async (t) => {
  t.like((await readCommands(`\n \n${line()}\n`))[0]!, { id: 'a1', code: undefined })
  t.like((await readCommands(' \nid,op\na1,cancel\n'))[0]!, { id: 'a1', code: 'UNKNOWN_ORDER' })
  t.deepEqual(await readCommands('\n\n  '), [])
  t.deepEqual(await readCommands(''), [])
})

test('file - plain and gzip give the same commands', async (t) => {
  const text = Array.from({ length: 5_000 }, (_, i) => line({ id: i, quantity: i + 1 })).join('\n')
  const plain = join(directory, 'plain.ndjson')
  const packed = join(directory, 'packed.ndjson')
  writeFileSync(plain, text)
  writeFileSync(packed, Buffer.concat([gzipSync(text.slice(0, 1_000)), gzipSync(text.slice(1_000))]))
  const [a, b] = await Promise.all([readFile(plain), readFile(packed)])
  t.is(a.length, 5_000)
  t.true(a.every((command) => command.code === undefined))
  t.deepEqual(a, b)
  t.deepEqual(await readCommands(cut(gzipSync(text), [1, 1, 100, 7])), a)
})

test('file - gzip that is cut short gives all whole lines, then one refusal', async (t) => {
  const text = Array.from({ length: 5_000 }, (_, i) =>
    line({ id: i, quantity: 1 + ((i * 7919) % 997) }),
  ).join('\n')
  const packed = gzipSync(text)
  const commands = await readCommands(cut(packed.subarray(0, packed.length >> 1), [4_096]))
  const last = commands.pop()!
  t.true(commands.length > 1_000)
  t.true(commands.every((command, i) => command.id === String(i) && command.code === undefined))
  t.like(last, {
    code: 'MALFORMED',
    line: commands.length + 1,
    detail: 'input broke off: gzip data is cut short',
  })
})

test('file - gzip with a wrong checksum gives all lines, then one refusal', async (t) => {
  const packed = gzipSync(`${line({ id: 1 })}\n${line({ id: 2 })}\n`)
  packed[packed.length - 5]! ^= 0xff
  const path = join(directory, 'checksum.ndjson.gz')
  writeFileSync(path, packed)
  const commands = await readFile(path)
  t.deepEqual(
    commands.map(({ id, code, line, detail }) => [id, code, line, detail]),
    [
      ['1', undefined, undefined, undefined],
      ['2', undefined, undefined, undefined],
      ['', 'MALFORMED', 3, 'input broke off: gzip data is damaged'],
    ],
  )
})

test('file - gzip that is damaged in the middle loses no line before the damage but those packed with it', async (t) => {
  const text = Array.from({ length: 5_000 }, (_, i) =>
    line({ id: i, quantity: 1 + ((i * 7919) % 997) }),
  ).join('\n')
  const packed = gzipSync(text)
  const middle = packed.length >> 1
  packed.fill(0xff, middle, middle + 64)
  const commands = await readCommands([packed])
  const whole = commands.filter((command, i) => command.code === undefined && command.id === String(i))
  t.true(whole.length > 1_000)
  t.is(commands.filter(({ detail }) => detail === 'input broke off: gzip data is damaged').length, 1)
  t.is(commands.at(-1)!.detail, 'input broke off: gzip data is damaged')
})

test('file - one that cannot be opened is named', async (t) => {
  const missing = join(directory, 'missing.ndjson')
  t.deepEqual(await problemOf(missing), `${missing}: no such file or directory`)
  t.deepEqual(await problemOf(directory), `${directory}: is a directory`)
})

test('stream - one that breaks off gives what it gave, then one refusal', async (t) => {
  const stdin = Readable.from(
    (async function* () {
      yield Buffer.from(`${line({ id: 'a' })}\n{"id":"b`)
      await Promise.resolve()
      throw new Error('EIO: i/o error, read')
    })(),
    { objectMode: false },
  )
  const market = smallMarket()
  const opened = await openOrders(market, { file: '-', stdin })()
  t.true(opened._tag === 'Right')
  const commands = opened._tag === 'Right' ? await drain(opened.right, market) : []
  t.deepEqual(
    commands.map(({ id, detail }) => [id, detail]),
    [
      ['a', undefined],
      ['', 'input broke off: i/o error'],
    ],
  )
})

/** Chunks that come when told to, and count how often they were asked for. */
class Told implements Chunks {
  problem: string | undefined = undefined
  asked = 0
  private give: (chunk: Buffer | undefined) => void = () => {}

  next(): Promise<Buffer | undefined> {
    this.asked++
    return new Promise((resolve) => {
      this.give = resolve
    })
  }

  tell(text: string | undefined): void {
    this.give(text === undefined ? undefined : Buffer.from(text))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

test('reading - a chunk is read only when the last one is used up, and a pause gives what is there', async (t) => {
  const chunks = new Told()
  const source = new OrderText(chunks, 'auto', smallMarket())
  const batch = new Batch(64)
  t.true(source.pull(batch, 64))
  t.deepEqual([batch.count, chunks.asked], [0, 0])
  const ready = source.ready()
  chunks.tell(`${line({ id: 'a' })}\n${line({ id: 'b' })}\n${line({ id: 'c' })}\n{"id":`)
  await ready
  t.true(source.pull(batch, 1))
  t.true(source.pull(batch, 64))
  t.deepEqual([batch.count, chunks.asked], [3, 1])
  const again = source.ready()
  chunks.tell(undefined)
  await again
  t.false(source.pull(batch, 64))
  t.deepEqual([batch.count, chunks.asked], [4, 2])
})

test('reading - a stop ends the wait and gives what was read in whole lines', async (t) => {
  const chunks = new Told()
  const source = new OrderText(chunks, 'ndjson', smallMarket())
  const batch = new Batch(64)
  const first = source.ready()
  chunks.tell(`${line({ id: 'a' })}\n${line({ id: 'b' })}\n{"id":`)
  await first
  t.true(source.pull(batch, 1))
  const waiting = source.ready()
  source.stop()
  await waiting
  chunks.tell(`"late"}\n`)
  await source.ready()
  t.false(source.pull(batch, 64))
  t.is(batch.count, 2)
})

async function readFile(file: string): Promise<ReadCommand[]> {
  const market = smallMarket()
  const opened = await openOrders(market, { file })()
  if (opened._tag === 'Left') throw new Error(opened.left)
  return drain(opened.right, market)
}

async function problemOf(file: string): Promise<string | undefined> {
  const opened = await openOrders(new Market(), { file })()
  return opened._tag === 'Left' ? opened.left : undefined
}

test('format - a first line that is neither JSON nor names a column is one refused line, and no more', async (t) => {
  for (const first of ['garbage', '[1]', 'null', '"x"', '-', '1,2,3', '\u0000\u0001']) {
    const commands = await readCommands(
      `${first}\n{"id":"a","symbol":"AAPL","side":"buy","price":1,"quantity":5}\n`,
    )
    t.deepEqual(
      commands.map(({ code }) => code),
      ['MALFORMED', undefined],
      first,
    )
  }
})

test('format - it is told from the first whole line, however that comes', async (t) => {
  for (const text of [
    '\n \nside,id,symbol,quantity\nbuy,a,AAPL,5\n',
    '\n{"id":"a","symbol":"AAPL","side":"buy","quantity":5}',
  ]) {
    const whole = await readCommands(text)
    t.is(whole.length, 1)
    t.is(whole[0]!.code, undefined)
    t.deepEqual(await readCommands([...Buffer.from(text)].map((byte) => Buffer.from([byte]))), whole)
  }
})

test('decimals - more of them than a number holds are off the tick, however many', async (t) => {
  const prices = ['0.211', '0.2100000000000000000000001', '12345678901234567890']
  const lines = prices.map(
    (price, i) => `{"id":${i + 1},"symbol":"AAPL","side":"buy","price":"${price}","quantity":5}\n`,
  )
  const commands = await readCommands(lines.join(''))
  t.deepEqual(
    commands.map(({ code }) => code),
    ['OFF_TICK', 'OFF_TICK', 'INVALID_PRICE'],
  )
})
