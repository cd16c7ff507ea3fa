import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Batch, RECORD_BYTES } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { Market } from '../market.ts'
import type { RecordKind } from '../operator.ts'
import type { DeadLetterSink } from './stage-faults.ts'

const { CLIENT, HEAD, headKind, INSTRUMENT, ORDER_ID, readU64, SEQUENCE } = record

/** What is told of a record beside it. */
export interface DeadLetter {
  readonly stage: string
  readonly cause: string
  readonly kind: RecordKind
  /** When it failed, as ISO 8601. */
  readonly at: string
  readonly sequence: number
  /** What the record's numbers stood for, where they stood for something. */
  readonly symbol?: string | undefined
  readonly client?: string | undefined
  readonly order?: string | undefined
  /** An order that it names besides, such as the one to be replaced. */
  readonly linked?: string | undefined
}

const RECORDS = '.records'
const LINES = '.ndjson'

/**
 * Records that stages could not handle, on disk: `NAME.records` holds them as they are, 64 bytes each, and line n of
 * `NAME.ndjson` says why record n is there. They are with the system before the next batch is begun. A pair of files for
 * each run, made when there is a first one.
 */
export class DeadLetterFiles implements DeadLetterSink {
  /** Records so far, also where there is no folder to put them. */
  count: number
  private readonly dir: string | undefined
  private readonly market: Market
  private readonly now: () => Date
  private handles: { readonly records: number; readonly lines: number } | undefined

  /** @param dir undefined only to count */
  constructor(dir: string | undefined, market: Market, now: () => Date = () => new Date()) {
    this.count = 0
    this.dir = dir
    this.market = market
    this.now = now
    this.handles = undefined
  }

  /** @throws Error if the files cannot be written: then nothing may go on as if they had been */
  add(stage: string, cause: string, kind: RecordKind, words: Int32Array, at: number): void {
    this.count++
    if (kind === 'command') this.market.deadLetteredCommands++
    if (this.dir === undefined) return
    this.handles ??= open(this.dir, this.now())
    const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, RECORD_BYTES)
    const line: DeadLetter = {
      stage,
      cause,
      kind,
      at: this.now().toISOString(),
      sequence: readU64(words, at + SEQUENCE),
      ...this.names(kind, words, at),
    }
    writeSync(this.handles.records, bytes)
    writeSync(this.handles.lines, `${JSON.stringify(line)}\n`)
  }

  close(): void {
    if (this.handles === undefined) return
    closeSync(this.handles.records)
    closeSync(this.handles.lines)
    this.handles = undefined
  }

  private names(kind: RecordKind, words: Int32Array, at: number): Partial<DeadLetter> {
    const { instruments, clients, orders } = this.market
    const instrument = words[at + INSTRUMENT]!
    const isKnown = instrument >= 0 && instrument < instruments.count
    const client = words[at + CLIENT]! >>> 0
    const orderId = readU64(words, at + ORDER_ID)
    return {
      symbol: isKnown ? instruments.symbol(instrument) : undefined,
      client: client === 0 ? undefined : clients.text(client),
      order: orderId === 0 ? undefined : orders.text(orderId),
      linked: kind === 'command' ? linkedName(this.market, words, at) : undefined,
    }
  }
}

function linkedName({ orders }: Market, words: Int32Array, at: number): string | undefined {
  if (!isLinked(words, at)) return undefined
  const linked = readU64(words, at + record.LINKED_ORDER_ID)
  return linked === 0 ? undefined : orders.text(linked)
}

function isLinked(words: Int32Array, at: number): boolean {
  return (
    headKind(words[at + HEAD]!) === record.CommandKind.replace ||
    (record.orderFlags(words[at + record.CODE]!) & record.OrderFlag.linked) !== 0
  )
}

function open(dir: string, now: Date): { readonly records: number; readonly lines: number } {
  mkdirSync(dir, { recursive: true })
  const stamp = now.toISOString().replace(/[:.]/g, '-')
  for (let number = 1; ; number++) {
    const path = join(dir, `dead-${stamp}-${process.pid}${number === 1 ? '' : `-${number}`}`)
    try {
      const records = openSync(path + RECORDS, 'ax')
      return { records, lines: openSync(path + LINES, 'ax') }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number > 1_000) throw error
    }
  }
}

/** Dead letters that were read back: the records, and what is told of each. */
export interface ReadLetters {
  readonly file: string
  readonly records: Batch
  readonly letters: readonly DeadLetter[]
  /** What was left half-written when a run was killed, in bytes and lines that have no other half. */
  readonly torn: number
}

/**
 * Reads the dead letters of a file (either of a pair) or of all files of a folder, oldest first.
 * @throws Error if there are none to read
 */
export function readDeadLetters(path: string): ReadLetters[] {
  const isFolder = statSync(path).isDirectory()
  const [dir, names] = isFolder ? [path, readdirSync(path)] : [dirname(path), [basename(path)]]
  const stems = new Set(
    names
      .filter((name) => name.endsWith(RECORDS) || name.endsWith(LINES))
      .map((name) => name.replace(/\.[^.]*$/, '')),
  )
  if (stems.size === 0)
    throw new Error(`${path}: holds no dead letters, expected files *${RECORDS} and *${LINES}`)
  return [...stems].sort().map((stem) => readPair(join(dir, stem)))
}

function readPair(stem: string): ReadLetters {
  const bytes = readFileSync(stem + RECORDS)
  const lines = readFileSync(stem + LINES, 'utf8').split('\n')
  const whole = lines.slice(0, -1)
  const count = Math.min(Math.floor(bytes.length / RECORD_BYTES), whole.length)
  const records = new Batch(Math.max(1, count))
  records.count = count
  new Uint8Array(records.words.buffer).set(bytes.subarray(0, count * RECORD_BYTES))
  const letters = whole.slice(0, count).map((line, index) => {
    try {
      return JSON.parse(line) as DeadLetter
    } catch {
      throw new Error(`${stem}${LINES}:${index + 1}: is not JSON`)
    }
  })
  const tornRecords = bytes.length - count * RECORD_BYTES > 0 ? 1 : 0
  const tornLines = whole.length - count + (lines.at(-1) === '' ? 0 : 1)
  return { file: stem + RECORDS, records, letters, torn: tornRecords + tornLines }
}

/**
 * Gives a dead command the numbers that its names have in another market, so that it can be sent again.
 * @returns whether it can: its symbol may not be traded there
 */
export function renumber(market: Market, letter: DeadLetter, words: Int32Array, at: number): boolean {
  words[at + record.CODE]! &= ~0xffff
  if (letter.symbol !== undefined) {
    const instrument = market.instrument(letter.symbol)
    if (instrument === undefined) return false
    words[at + INSTRUMENT] = instrument
  }
  if (letter.client !== undefined) words[at + CLIENT] = market.clients.number(letter.client)
  if (letter.order !== undefined)
    record.writeU64(words, at + ORDER_ID, numberOf(market, letter.order, words[at + INSTRUMENT]))
  if (letter.linked !== undefined && isLinked(words, at))
    record.writeU64(words, at + record.LINKED_ORDER_ID, numberOf(market, letter.linked))
  return true
}

/** An id that was a number stays that number: sources that number orders themselves give no names. */
function numberOf({ orders }: Market, name: string, instrument?: number): number {
  const number = Number(name)
  const isNumber = Number.isSafeInteger(number) && number > 0 && String(number) === name
  return isNumber ? number : orders.number(name, instrument)
}
