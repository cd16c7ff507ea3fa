import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { Readable } from 'node:stream'
import type { Batch } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Source } from '../../pipeline/operator.ts'
import type { Chunks } from '../input/chunks.ts'
import { openChunks } from '../input/open-chunks.ts'
import { OrderCommands } from './order-command.ts'
import { fieldOf, OrderFields } from './order-fields.ts'
import { OrderLines, type RecordReader } from './order-lines.ts'
import { OrderRows } from './order-rows.ts'
import { MAX_LINE_BYTES, TextLines } from '../input/text-lines.ts'

export type TextFormat = 'auto' | 'ndjson' | 'csv'

export interface OrderTextOptions {
  /** A path, or `-` for standard input. Packed with gzip or not. */
  readonly file: string
  /** By default `auto`: CSV if the first line names a column, else NDJSON. */
  readonly format?: TextFormat | undefined
  /** What `-` stands for, where it is not the standard input of the process. */
  readonly stdin?: Readable | undefined
}

/**
 * Opens text as a source of commands. Of a file the first bytes are read at once, so that a first row that names
 * no columns is known before the pipeline starts.
 * @returns the source, or a message that names the file and, where one is at fault, the line and column
 */
export function openOrders(
  market: Market,
  { file, format = 'auto', stdin }: OrderTextOptions,
): TE.TaskEither<string, OrderText> {
  return async () => {
    const chunks = await openChunks(file, stdin)()
    if (E.isLeft(chunks)) return chunks
    const source = new OrderText(chunks.right, format, market)
    if (file === '-') return E.right(source)
    const problem = await source.begin()
    if (problem === undefined) return E.right(source)
    await source.close()
    return E.left(`${file}:${problem}`)
  }
}

/**
 * Commands from text, one for each line (or CSV row) that is not blank, good or bad: a line that cannot be read
 * is a command with a reject code. A chunk is read only when the last one has been used up.
 */
export class OrderText implements Source {
  private readonly chunks: Chunks
  private readonly market: Market
  private readonly lines: TextLines
  /** Undefined until the format is known. */
  private reader: RecordReader | undefined
  private stopped: boolean
  private reading: Promise<void> | undefined
  /** Ends the wait for the chunk that is being read. */
  private wake: () => void
  private problemGiven: boolean
  /** What came before the first line was whole, which says what the text is. */
  private head: Buffer

  constructor(chunks: Chunks, format: TextFormat, market: Market) {
    this.chunks = chunks
    this.market = market
    this.lines = new TextLines()
    this.reader = undefined
    if (format !== 'auto') this.reader = this.readerOf(format)
    this.stopped = false
    this.reading = undefined
    this.wake = () => {}
    this.problemGiven = false
    this.head = Buffer.alloc(0)
  }

  pull(batch: Batch, upTo: number): boolean {
    const { reader } = this
    reader?.pull(batch, upTo)
    if (!this.lines.ended || batch.count >= upTo || reader?.isHeld === true) return true
    if (this.chunks.problem !== undefined && !this.problemGiven) this.giveProblem(batch, this.chunks.problem)
    return false
  }

  async ready(): Promise<void> {
    if (this.lines.ended) return
    this.reading ??= new Promise((resolve) => {
      this.wake = resolve
      void this.chunks.next().then((chunk) => {
        this.take(chunk)
        resolve()
      })
    })
    await this.reading
    this.reading = undefined
  }

  /** What was read is still given, as far as it is whole lines. */
  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.lines.end(false)
    this.wake()
  }

  async close(): Promise<void> {
    this.stop()
    await this.chunks.close()
  }

  /** Reads as far as the first row of CSV. Returns what is wrong with it, if anything is. */
  async begin(): Promise<string | undefined> {
    while (!this.lines.ended) {
      await this.ready()
      if (this.reader instanceof OrderRows ? this.reader.readHeader() : this.reader !== undefined) break
    }
    const problem = this.reader instanceof OrderRows ? this.reader.headerProblem : undefined
    if (problem === undefined) return undefined
    return `${problem.line}${problem.column > 0 ? `:${problem.column}` : ''} ${problem.text}`
  }

  private take(chunk: Buffer | undefined): void {
    if (this.stopped) return
    const { lines, chunks } = this
    if (this.reader === undefined) {
      this.head = chunk === undefined ? this.head : Buffer.concat([this.head, chunk])
      const format = formatOf(this.head, chunk === undefined)
      if (format !== undefined) {
        this.reader = this.readerOf(format)
        lines.feed(this.head)
        this.head = Buffer.alloc(0)
      }
    } else if (chunk !== undefined) lines.feed(chunk)
    if (chunk === undefined) lines.end(chunks.problem === undefined)
  }

  private readerOf(format: 'ndjson' | 'csv'): RecordReader {
    return format === 'csv' ? new OrderRows(this.lines, this.market) : new OrderLines(this.lines, this.market)
  }

  /** The last record of an input that broke off, in place of the line that it broke off in. */
  private giveProblem(batch: Batch, problem: string): void {
    this.problemGiven = true
    const fields = new OrderFields()
    fields.malformed(problem, 0)
    new OrderCommands(this.market, fields).append(batch, this.lines.number + 1)
  }
}

const BLANK: ReadonlySet<number> = new Set([...Buffer.from(' \t\r\n'), ...Buffer.from('\ufeff')])

/**
 * What the first line that is not blank says: CSV if it names a column, else NDJSON, so that a first line that is
 * neither is one refused line and no more. Undefined until that line is whole.
 */
function formatOf(head: Buffer, isWhole: boolean): 'ndjson' | 'csv' | undefined {
  const first = head.findIndex((byte) => !BLANK.has(byte))
  if (first === -1) return isWhole ? 'ndjson' : undefined
  if (head[first] === 0x7b) return 'ndjson'
  const end = head.indexOf('\n', first)
  if (end === -1 && !isWhole && head.length - first <= MAX_LINE_BYTES) return undefined
  const names = head.toString('utf8', first, end === -1 ? head.length : end).split(',')
  return names.some((name) => fieldOf(name.trim().replace(/^"(.*)"$/, '$1')) !== -1) ? 'csv' : 'ndjson'
}
