import { type Batch, CommandKind, RECORD_WORDS, RejectCode } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { rejectedEvent } from '../../pipeline/fault/rejected-event.ts'
import type { Market } from '../../pipeline/market.ts'
import { Arrivals } from '../input/arrivals.ts'
import { AnswerState, AnswerTable, isPassing } from './answer-table.ts'
import type { EntryLog } from './entry-log.ts'
import { bindCommand, wireMarket } from './wire-ids.ts'

const { CLIENT, CODE, EventKind, HEAD, headKind, headOrderType, headSide, headTimeInForce, INSTRUMENT } =
  record
const { LOTS, OPEN_LOTS, ORDER_ID, packHead, PRICE_TICKS, readU64, SEQUENCE, writeU64 } = record

/** What a client sent in one message, and the answers to it. */
export interface Request {
  readonly isText: boolean
  /** The one client that may send it, where the subject says so. */
  readonly client: number | undefined
  /** Called once, when every command in it has its answer. */
  readonly reply: ((answers: Int32Array, duplicates: readonly number[]) => void) | undefined
}

interface OpenRequest extends Request {
  answers: Int32Array
  /** Commands of it that have come so far, and those of them that are answered. */
  commands: number
  answered: number
  /** Commands in all; as many as have come, of text, once all of it has been read. */
  expected: number
  readonly duplicates: number[]
}

/** Answers that are waited for: which command of which request. */
interface Waiting {
  readonly request: OpenRequest
  readonly index: number
  readonly orderId: number
}

export interface GatewayFigures {
  readonly requests: number
  readonly commands: number
  readonly answered: number
  readonly duplicates: number
  readonly known: number
}

/**
 * Lets orders in and answers them. An answer is the first event that a command causes: accepted, rejected, amended,
 * replaced, cancelled or applied. It leaves the engine when the journal has the command, so an answer holds as long as
 * the journal's durability promises. A new order that comes again is answered again and is not let in.
 */
export class OrderGateway {
  readonly arrivals: Arrivals
  /** Called when the last answers are out. */
  onEnd: () => Promise<void>
  private readonly market: Market
  private readonly point: EntryPoint
  private readonly table: AnswerTable
  private readonly log: EntryLog | undefined
  private readonly requests: Map<number, OpenRequest>
  private lastTag: number
  private readonly waiting: Map<number, Waiting>
  /** Those who sent an order again before it was answered. */
  private readonly again: Map<number, Waiting[]>
  private readonly done: OpenRequest[]
  private lastSequence: number
  private isRecovered: boolean
  private figuresNow: {
    requests: number
    commands: number
    answered: number
    duplicates: number
    known: number
  }

  constructor(
    market: Market,
    point: EntryPoint,
    capacity: number,
    remember: number,
    log: EntryLog | undefined,
  ) {
    this.arrivals = new Arrivals(wireMarket(market), capacity)
    this.onEnd = () => Promise.resolve()
    this.market = market
    this.point = point
    point.gateway = this
    this.table = new AnswerTable(remember)
    this.log = log
    this.requests = new Map()
    this.lastTag = 0
    this.waiting = new Map()
    this.again = new Map()
    this.done = []
    this.lastSequence = 0
    this.isRecovered = false
    this.figuresNow = { requests: 0, commands: 0, answered: 0, duplicates: 0, known: 0 }
  }

  get figures(): GatewayFigures {
    return this.figuresNow
  }

  /** Takes in a frame's records. There must be room. */
  takeRecords(bytes: Uint8Array, at: number, count: number, request: Request): void {
    this.arrivals.pushRecords(bytes, at, count, this.open(request, count))
  }

  /** Takes in lines of JSON. */
  takeText(bytes: Uint8Array, request: Request): void {
    this.arrivals.pushText(bytes, this.open(request, Infinity))
  }

  /** Appends commands to a batch; those that came before are answered instead. */
  pull(batch: Batch, upTo: number): void {
    if (!this.isRecovered) this.recover()
    while (batch.count < upTo && !this.arrivals.isEmpty) {
      const before = batch.count
      let taken = 0
      let kept = before
      this.arrivals.onTaken = (tag, first, count) => {
        taken += count
        kept = this.enter(this.requests.get(tag)!, batch, first, count, kept)
      }
      this.arrivals.pull(batch, upTo)
      batch.count = kept
      if (taken === 0) break
    }
    this.closeTexts()
    this.log?.flush()
    this.sendDone()
  }

  /** Takes an event. Only the first of each command is an answer. */
  event(words: Int32Array, at: number): void {
    // What a router made of an order comes before what became of it, and is no answer.
    if (headKind(words[at + HEAD]!) === EventKind.decision) return
    const sequence = readU64(words, at + SEQUENCE)
    if (sequence === this.lastSequence) return
    this.lastSequence = sequence
    const waiting = this.waiting.get(sequence)
    if (waiting === undefined) return
    this.waiting.delete(sequence)
    const { orderId } = waiting
    if (orderId !== 0) {
      if (isPassing(words, at)) this.table.forget(orderId)
      else this.table.answer(orderId, words, at)
      this.log?.answered(orderId, sequence, words, at)
      for (const other of this.again.get(orderId) ?? []) this.answer(other, words, at)
      this.again.delete(orderId)
    }
    this.answer(waiting, words, at)
  }

  /** A command was refused on its way to the engine: it is answered at once, and what follows for it is no answer. */
  rejected(words: Int32Array, at: number): void {
    const answer = new Int32Array(RECORD_WORDS)
    rejectedEvent(words, at, RejectCode.EDGE_FULL, answer, 0)
    this.event(answer, 0)
    this.flush()
  }

  /** The events of a batch are through: what is answered is noted, and then told. */
  flush(): void {
    this.log?.flush()
    this.sendDone()
  }

  close(): void {
    this.log?.close()
  }

  private open(request: Request, expected: number): number {
    const tag = ++this.lastTag
    const answers = new Int32Array((expected === Infinity ? 1 : expected) * RECORD_WORDS)
    this.requests.set(tag, { ...request, answers, commands: 0, answered: 0, expected, duplicates: [] })
    this.figuresNow.requests++
    return tag
  }

  /** Looks at commands that were appended from `first` on, and moves those to be let in to `kept`. Returns its end. */
  private enter(request: OpenRequest, batch: Batch, first: number, count: number, kept: number): number {
    const { words } = batch
    for (let i = first; i < first + count; i++) {
      const at = i * RECORD_WORDS
      const index = request.commands++
      bindCommand(words, at, request.client)
      const kind = headKind(words[at + HEAD]!)
      const isNew =
        (kind === CommandKind.new || kind === CommandKind.replace) && (words[at + CODE]! & 0xffff) === 0
      const orderId = isNew ? readU64(words, at + ORDER_ID) : 0
      this.figuresNow.commands++
      if (isNew && this.repeat(orderId, request, index, words, at)) continue
      if (kept !== i) {
        words.copyWithin(kept * RECORD_WORDS, at, at + RECORD_WORDS)
        this.moveDetail(i, kept)
      }
      const sequence = this.market.sequence + ++kept
      if (isNew) {
        this.table.enter(orderId, sequence)
        this.log?.entered(orderId, sequence)
      }
      this.waiting.set(sequence, { request, index, orderId })
    }
    return kept
  }

  /** Words about a command go where it goes. */
  private moveDetail(from: number, to: number): void {
    const { details, sequence } = this.market
    const detail = details.find(sequence + from + 1)
    if (detail !== undefined) details.set(sequence + to + 1, detail)
  }

  /** Answers an order that came before. Returns false if it did not. */
  private repeat(
    orderId: number,
    request: OpenRequest,
    index: number,
    words: Int32Array,
    at: number,
  ): boolean {
    const state = this.table.state(orderId)
    if (state === AnswerState.unknown) return false
    this.figuresNow.duplicates++
    request.duplicates.push(index)
    const waiting: Waiting = { request, index, orderId }
    const answer = new Int32Array(RECORD_WORDS)
    if (state === AnswerState.answered) this.table.copy(orderId, answer, 0)
    else if (this.waiting.has(this.table.sequence(orderId))) {
      const others = this.again.get(orderId)
      if (others === undefined) this.again.set(orderId, [waiting])
      else others.push(waiting)
      return true
    } else this.recall(orderId, words, at, answer)
    this.answer(waiting, answer, 0)
    return true
  }

  /** An order from before a restart whose answer was not noted: what the engine knows of it. */
  private recall(orderId: number, words: Int32Array, at: number, answer: Int32Array): void {
    const live = this.market.engine?.order(orderId)
    const head = words[at + HEAD]!
    const kind = live === undefined ? EventKind.rejected : EventKind.accepted
    answer[HEAD] = packHead(kind, headSide(head), headOrderType(head), headTimeInForce(head))
    answer[CODE] = live === undefined ? RejectCode.DUPLICATE_ORDER_ID : 0
    answer[INSTRUMENT] = words[at + INSTRUMENT]!
    answer[CLIENT] = words[at + CLIENT]!
    answer[PRICE_TICKS] = live?.priceTicks ?? words[at + PRICE_TICKS]!
    answer[LOTS] = words[at + LOTS]!
    answer[OPEN_LOTS] = live?.openLots ?? 0
    writeU64(answer, SEQUENCE, this.table.sequence(orderId))
    writeU64(answer, ORDER_ID, orderId)
  }

  private answer({ request, index }: Waiting, words: Int32Array, at: number): void {
    const to = index * RECORD_WORDS
    if (to + RECORD_WORDS > request.answers.length) {
      const wider = new Int32Array((index + 1) * 2 * RECORD_WORDS)
      wider.set(request.answers)
      request.answers = wider
    }
    for (let i = 0; i < RECORD_WORDS; i++) request.answers[to + i] = words[at + i]!
    request.answered++
    this.figuresNow.answered++
    if (request.answered === request.expected) this.done.push(request)
  }

  /** Requests of text that have been read to their end expect no more than has come. */
  private closeTexts(): void {
    const current = this.arrivals.currentTag
    for (const [tag, request] of this.requests) {
      if (current !== undefined && tag >= current) break
      this.requests.delete(tag)
      if (request.expected !== Infinity) continue
      request.expected = request.commands
      if (request.answered === request.expected) this.done.push(request)
    }
  }

  private sendDone(): void {
    for (const request of this.done)
      request.reply?.(request.answers.subarray(0, request.expected * RECORD_WORDS), request.duplicates)
    this.done.length = 0
  }

  private recover(): void {
    this.isRecovered = true
    if (!this.point.isAnswered)
      throw new Error('order entry: no stage hands the answers back: publish to orderEntry behind match')
    if (this.log !== undefined) this.figuresNow.known = this.log.recover(this.table, this.market.sequence)
  }
}

/** What the stage that lets orders in and the one that hands the answers back know of each other. */
export interface EntryPoint {
  /** Whether a stage behind the engine hands its events to the gateway. */
  isAnswered: boolean
  gateway: OrderGateway | undefined
}

// By what all views of a market share.
const entryPoints = new WeakMap<object, Map<string, EntryPoint>>()

/** The entry point of a name in a market: whichever of its two stages is set up first makes it. */
export function entryPoint(market: Market, name: string): EntryPoint {
  const named = entryPoints.get(market.clients) ?? new Map<string, EntryPoint>()
  entryPoints.set(market.clients, named)
  const point = named.get(name) ?? { isAnswered: false, gateway: undefined }
  named.set(name, point)
  return point
}
