import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { BookFeed } from '../../ai/features/book-feed.ts'
import { EngineFeed } from '../../ai/features/engine-feed.ts'
import { Features } from '../../ai/features/features.ts'
import type { Dataset } from '../../ai/training/dataset.ts'
import { Batch, BATCH_RECORDS, MatchingEngine, RECORD_WORDS } from '../../book/index.ts'
import { SEQUENCE, writeU64 } from '../../book/record.ts'
import { readLines } from '../../operators/lobster/lines.ts'
import { openLobster } from '../../operators/lobster/lobster-source.ts'
import { parseMessage } from '../../operators/lobster/messages.ts'
import { bookBeside, openQuoted } from '../../operators/lobster/quoted-source.ts'
import { openOrders } from '../../operators/orders/order-text.ts'
import type { ProfileName } from '../../operators/simulator/profiles.ts'
import { Simulator } from '../../operators/simulator/simulator.ts'
import { Market } from '../../pipeline/market.ts'
import type { Source } from '../../pipeline/operator.ts'

/** Order flow to learn from: a file, or the embedded generator. */
export type FlowInput =
  | { readonly file: string; readonly book?: string | undefined; readonly tick: string }
  | {
      readonly profile: ProfileName
      readonly seed: number
      readonly orders: number
      readonly instruments: number
    }

/** Flow that has been opened, and what a model card says of it. */
export interface OpenedInput {
  readonly market: Market
  readonly source: Source
  readonly name: string
  readonly digest: string
  /** Where rows could not be read, after the source has been read. */
  readonly faults: () => readonly string[]
}

/** @returns the flow, or in words why it cannot be read */
export async function openInput(input: FlowInput): Promise<E.Either<string, OpenedInput>> {
  if ('profile' in input) return E.right(openSimulated(input))
  const { file, tick } = input
  try {
    const book = input.book ?? (await bookBeside(file))
    const isLobster = book !== undefined || (await isMessageFile(file))
    return isLobster ? await openDay(file, book, tick) : await openText(file, tick)
  } catch (error) {
    return E.left((error as Error).message)
  }
}

function openSimulated({
  profile,
  seed,
  orders,
  instruments,
}: Extract<FlowInput, { profile: ProfileName }>): OpenedInput {
  const market = new Market(
    Array.from({ length: instruments }, (_, i) => ({
      symbol: `SIM${i + 1}`,
      tick: '0.01',
      lot: '1',
      referencePrice: String(30 * (i + 1)),
    })),
  )
  return {
    market,
    source: new Simulator(market, { profile, seed, orders, badShare: 0 }),
    name: `simulated flow: profile ${profile}, seed ${seed}, ${orders} orders, ${instruments} instruments`,
    digest: '',
    faults: () => [],
  }
}

async function openDay(
  file: string,
  book: string | undefined,
  tick: string,
): Promise<E.Either<string, OpenedInput>> {
  const symbol = basename(file).split(/[_.]/, 1)[0]!
  if (symbol === '') return E.left(`${file}: the file's name does not begin with a symbol`)
  const market = new Market([{ symbol, tick, lot: '1', maxQuantity: '2147483647' }])
  const opened =
    book === undefined
      ? await openLobster(market, { messages: file })()
      : await openQuoted(market, { messages: file, book })()
  if (E.isLeft(opened)) return opened
  const source = opened.right
  return E.right({
    market,
    source,
    name: book === undefined ? basename(file) : `${basename(file)} with ${basename(book)}`,
    digest: (await digestOf(file)) + (book === undefined ? '' : ` and ${await digestOf(book)}`),
    faults: () => source.faults.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`),
  })
}

async function openText(file: string, tick: string): Promise<E.Either<string, OpenedInput>> {
  const market = new Market([], { defaultInstrument: { tick, lot: '1' } })
  const opened = await openOrders(market, { file })()
  if (E.isLeft(opened)) return opened
  const digest = await digestOf(file)
  return E.right({ market, source: opened.right, name: basename(file), digest, faults: () => [] })
}

/** Whether the first line of a file is a LOBSTER message. */
async function isMessageFile(file: string): Promise<boolean> {
  for await (const { lines } of readLines(file)) return E.isRight(parseMessage(lines[0] ?? '', 1))
  return false
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

/**
 * Runs flow through a matching engine and appends what features see of it to a data set.
 * @param firstInstrument number of the flow's first instrument in the data set
 * @returns commands that were read
 */
export function recordInput(
  input: OpenedInput,
  data: Dataset,
  firstInstrument = 0,
  onProgress?: (commands: number) => void,
): Promise<number> {
  const features = new Features((instrument, timeNs) => {
    data.add(features, instrument, timeNs, firstInstrument)
  })
  return playInput(input, features, onProgress)
}

/** Runs flow through a matching engine and tells a feed what it does. Returns how many commands were read. */
export async function playInput(
  { market, source }: OpenedInput,
  to: BookFeed,
  onProgress: (commands: number) => void = () => {},
): Promise<number> {
  const engine = new MatchingEngine(market.instruments)
  market.engine = engine
  const feed = new EngineFeed(to)
  const batch = new Batch(BATCH_RECORDS)
  let commands = 0
  try {
    for (let more = true; more;) {
      batch.count = 0
      more = source.pull(batch, BATCH_RECORDS)
      engine.events.count = 0
      for (let at = 0; at < batch.count * RECORD_WORDS; at += RECORD_WORDS) {
        writeU64(batch.words, at + SEQUENCE, ++commands)
        feed.follow(engine, batch.words, at)
        engine.apply(batch.words, at)
      }
      feed.endBatch(engine)
      onProgress(commands)
      if (more && batch.count === 0) await source.ready?.()
    }
  } finally {
    await source.close?.()
  }
  return commands
}
