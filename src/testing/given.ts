import * as E from 'fp-ts/lib/Either.js'
import type { Batch } from '../book/index.ts'
import { openOrders } from '../operators/orders/order-text.ts'
import { OrderLines } from '../operators/orders/order-lines.ts'
import { TextLines } from '../operators/input/text-lines.ts'
import type { Document } from '../pipeline/document.ts'
import type { Market } from '../pipeline/market.ts'
import type { Source } from '../pipeline/operator.ts'
import { besideOf } from '../pipeline/secrets.ts'
import { durationMs } from './test-codec.ts'

/** What goes into a pipeline: lines of NDJSON with waits between them, or a file. */
export type Given =
  | { readonly kind: 'lines'; readonly parts: readonly (string | { readonly waitMs: number })[] }
  | { readonly kind: 'file'; readonly file: string }

/** What is wrong with an input, at its place under the key. */
export interface GivenProblem {
  readonly path: readonly string[]
  readonly message: string
}

const EXPECTED = 'expected a list of orders, lines of NDJSON and { wait: 5ms }, or { file: PATH }'

/**
 * Reads what a test gives: a list of orders as maps, of lines of text, and of waits; all lines as one text; or the path of
 * a file, NDJSON or CSV, beginning at the folder of the test file.
 */
export function readGiven(value: unknown, document: Document): E.Either<GivenProblem, Given> {
  if (typeof value === 'string') return E.right({ kind: 'lines', parts: value.split('\n') })
  if (Array.isArray(value)) return readList(value)
  if (typeof value === 'object' && value !== null && 'file' in value && Object.keys(value).length === 1) {
    if (typeof value.file === 'string')
      return E.right({ kind: 'file', file: besideOf(document.file, value.file) })
    return E.left({ path: ['file'], message: 'expected the path of a file' })
  }
  return E.left({ path: [], message: EXPECTED })
}

function readList(items: readonly unknown[]): E.Either<GivenProblem, Given> {
  const parts: (string | { readonly waitMs: number })[] = []
  for (const [index, item] of items.entries()) {
    const path = [String(index)]
    if (typeof item === 'string') parts.push(...item.split('\n'))
    else if (typeof item !== 'object' || item === null || Array.isArray(item))
      return E.left({ path, message: 'expected an order as a map, a line of NDJSON, or { wait: 5ms }' })
    else if ('wait' in item && Object.keys(item).length === 1) {
      const wait = durationMs.decode(item.wait)
      if (E.isLeft(wait)) return E.left({ path: [...path, 'wait'], message: `expected ${durationMs.name}` })
      parts.push({ waitMs: wait.right })
    } else parts.push(JSON.stringify(item))
  }
  return E.right({ kind: 'lines', parts })
}

/** Opens what a test gives as the source of a pipeline. */
export async function openGiven(given: Given, market: Market): Promise<Source> {
  if (given.kind === 'lines') return new GivenLines(given.parts, market)
  const opened = await openOrders(market, { file: given.file })()
  if (E.isLeft(opened)) throw new Error(opened.left)
  return opened.right
}

/** Lines up to a wait come at once; behind it, when its time is over. */
class GivenLines implements Source {
  private readonly parts: readonly (string | { readonly waitMs: number })[]
  private readonly lines: TextLines
  private readonly reader: OrderLines
  private at: number
  private isStopped: boolean

  constructor(parts: readonly (string | { readonly waitMs: number })[], market: Market) {
    this.parts = parts
    this.lines = new TextLines()
    this.reader = new OrderLines(this.lines, market)
    this.at = 0
    this.isStopped = false
    this.feed()
  }

  pull(batch: Batch, upTo: number): boolean {
    this.reader.pull(batch, upTo)
    const isEmpty = batch.count < upTo && !this.reader.isHeld
    return !isEmpty || (this.at < this.parts.length && !this.isStopped)
  }

  async ready(): Promise<void> {
    const part = this.parts[this.at]
    if (part === undefined || typeof part === 'string') return
    await new Promise((resolve) => {
      setTimeout(resolve, part.waitMs)
    })
    this.at++
    this.feed()
  }

  stop(): void {
    this.isStopped = true
  }

  private feed(): void {
    const wait = this.parts.findIndex((part, index) => index >= this.at && typeof part !== 'string')
    const end = wait === -1 ? this.parts.length : wait
    const text = this.parts
      .slice(this.at, end)
      .filter((part) => typeof part === 'string')
      .join('\n')
    this.at = end
    if (text !== '') this.lines.feed(Buffer.from(`${text}\n`))
  }
}

/**
 * A source that notes when its records came in. Its records are numbered next, in this order.
 * @param enteredMs gets a time for each record, in the order of their sequence
 */
export function timed(source: Source, enteredMs: number[], nowMs: () => number): Source {
  return {
    pull: (batch, upTo) => {
      const before = batch.count
      const more = source.pull(batch, upTo)
      for (let i = before; i < batch.count; i++) enteredMs.push(nowMs())
      return more
    },
    ...(source.ready === undefined ? {} : { ready: () => source.ready!() }),
    ...(source.stop === undefined ? {} : { stop: () => source.stop!() }),
    ...(source.report === undefined ? {} : { report: () => source.report!() }),
    ...(source.close === undefined ? {} : { close: () => source.close!() }),
  }
}
