import { BATCH_RECORDS, type Batch } from './batch.ts'
import * as changes from './matching/change.ts'
import * as faults from './command-fault.ts'
import { EngineState, type EngineOptions } from './state/engine-state.ts'
import { HeapBatch, RECORD_SHIFT } from './state/heap-batch.ts'
import { BEGUN_BIT } from './state/kernel.ts'
import * as shared from './state/shared-words.ts'
import * as entering from './matching/enter.ts'
import * as eventWriter from './matching/event-writer.ts'
import { BLOCK_LAST_TICKS, BLOCK_STATE } from './state/instrument-block.ts'
import type { Instruments } from './instruments.ts'
import { oppositeSide } from './matching/book-side.ts'
import { noteTraded, publishIndications, publishLevels } from './matching/market-data.ts'
import {
  ORDER_CLIENT,
  ORDER_HEAD,
  ORDER_INSTRUMENT,
  ORDER_OPEN_LOTS,
  ORDER_PRICE_TICKS,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
} from './state/order.ts'
import { TERMS_IS_WAITING, TERMS_STOP_TICKS } from './state/terms.ts'
import * as queries from './queries.ts'
import * as record from './record.ts'
import * as rejectCode from './reject-code.ts'
import { hashState } from './recovery/state-hash.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { change } = changes
const { changeFault } = faults
const { enter, goOnEntering } = entering
const { writeRejected } = eventWriter
const { CODE, CommandKind, HEAD, headKind, headSide, INSTRUMENT, RECORD_WORDS } = record
const { ACCEPTED } = rejectCode
const { COMMAND_AT, FIRST_EVENT, OPEN_LOTS_LEFT } = shared

const REJECT_CODE_MASK = 0xffff

/**
 * A price-time priority matching engine for many instruments: a deterministic machine that turns each command
 * record into event records. No clock, no randomness, no environment: the same commands give the same bytes.
 * docs/matching.md has the rules.
 *
 * Nothing is thrown for bad input: it is rejected with a code and leaves the book as it was.
 */
export class MatchingEngine {
  readonly instruments: Instruments
  /** What the commands since the last `events.count = 0` caused. */
  readonly events: Batch
  /** For the functions of this folder. */
  readonly state: EngineState
  /** Where batches of commands from elsewhere are copied to. */
  private readonly incoming: HeapBatch
  /** The batch made last. */
  private commands: HeapBatch

  constructor(instruments: Instruments, options: EngineOptions = {}) {
    this.instruments = instruments
    this.state = new EngineState(instruments, options)
    this.events = this.state.events
    this.incoming = new HeapBatch(this.state, BATCH_RECORDS)
    this.commands = this.incoming
  }

  /**
   * Applies one command record; its events are appended to `events`.
   * A record that an earlier step refused (its reject code is set) becomes a `rejected` event and nothing else.
   * @param words the array that the record is in; without a copy, if it is that of the engine's latest batch
   * @param at the word it begins at
   */
  apply(words: Int32Array, at: number): void {
    const { state } = this
    const { kernel, events } = state
    let from = this.commands.from + at
    if (words !== this.commands.words) {
      from = COMMAND_AT
      const command = state.words
      for (let word = 0; word < RECORD_WORDS; word++) command[COMMAND_AT + word] = words[at + word]!
    }
    const top = kernel.applyOne(from, events.from + events.count * RECORD_WORDS)
    if (top > 0) events.count = (top - events.from) >> RECORD_SHIFT
    else {
      events.takeBack()
      this.finish(from, top === 0 ? 0 : BEGUN_BIT)
    }
  }

  /** Applies commands in their order, as `apply` does each: faster, most of all if the batch is the engine's own. */
  applyBatch(batch: Batch): void {
    if (batch instanceof HeapBatch && batch.heap === this.state) return this.run(batch.from, batch.count)
    const { incoming } = this
    for (let from = 0; from < batch.count; from += incoming.capacity) {
      const count = Math.min(incoming.capacity, batch.count - from)
      incoming.words.set(batch.words.subarray(from * RECORD_WORDS, (from + count) * RECORD_WORDS))
      this.run(incoming.from, count)
    }
  }

  /** A batch for commands in the engine's memory: `applyBatch` takes any of them as it is, `apply` the latest. */
  makeBatch(capacityRecords: number = BATCH_RECORDS): Batch {
    this.commands = new HeapBatch(this.state, capacityRecords)
    return this.commands
  }

  /** Applies commands that lie in the heap: what the kernel leaves is done with care, and then it goes on. */
  private run(from: number, count: number): void {
    const { kernel, events } = this.state
    const end = from + count * RECORD_WORDS
    for (let at = from; at < end; at += RECORD_WORDS) {
      events.lend()
      const run = kernel.applyRun(at, (end - at) / RECORD_WORDS)
      events.takeBack()
      at += (run & ~BEGUN_BIT) * RECORD_WORDS
      if (at < end) this.finish(at, run)
    }
  }

  /** Does the command that the kernel has left, or has begun. */
  private finish(at: number, run: number): void {
    const { state } = this
    if ((run & BEGUN_BIT) === 0) return this.applyWithCare(state.words, at)
    const { touches, words } = state
    if (touches !== undefined) {
      const block = state.blocks[words[at + INSTRUMENT]!]!
      noteTraded(
        state,
        touches,
        oppositeSide(block, headSide(words[at + HEAD]!)),
        words[FIRST_EVENT]! / RECORD_WORDS,
      )
    }
    goOnEntering(state, words, at, words[OPEN_LOTS_LEFT]!)
    if (touches !== undefined) publishLevels(state, touches, state.words, at)
  }

  private applyWithCare(words: Int32Array, at: number): void {
    const { state } = this
    if (this.instruments.count !== state.known) state.followInstruments()
    const firstEvent = this.events.count
    let code = words[at + CODE]! & REJECT_CODE_MASK
    if (code === ACCEPTED) {
      if (headKind(words[at + HEAD]!) === CommandKind.new) code = enter(state, words, at)
      else {
        code = changeFault(words, at, this.instruments)
        if (code === ACCEPTED) code = change(state, words, at)
      }
    }
    if (code !== ACCEPTED) writeRejected(state, words, at, code)
    else if (state.auctions !== 0) publishIndications(state, words, at, firstEvent)
    if (state.touches !== undefined) publishLevels(state, state.touches, words, at)
  }

  /** Trades so far: the match number of the latest. */
  get trades(): number {
    return this.state.matchHigh * 4_294_967_296 + (this.state.matchLow >>> 0)
  }

  /** Live orders in all instruments, waiting stops too. */
  get liveOrders(): number {
    return this.state.orders.used
  }

  /** Bytes reserved for orders, levels, instruments and the index of ids. */
  get bytes(): number {
    return this.state.bytes
  }

  /** Price of an instrument's latest trade in ticks; its reference price, or 0, until there is one. */
  lastTrade(instrument: number): number {
    const { state } = this
    if (this.instruments.count !== state.known) state.followInstruments()
    return state.words[state.blocks[instrument]! + BLOCK_LAST_TICKS] ?? 0
  }

  /** A TradingState; 0 of an instrument that there is not. */
  tradingState(instrument: number): number {
    const { state } = this
    state.followInstruments()
    return state.words[state.blocks[instrument]! + BLOCK_STATE] ?? 0
  }

  /** The slot of a live order, by the halves of its id; 0 if there is none. For hot paths, as the next ones. */
  find(idLow: number, idHigh: number): number {
    return this.state.index.find(idLow, idHigh)
  }

  slotInstrument(slot: number): number {
    return this.state.words[slot + ORDER_INSTRUMENT]!
  }

  slotClient(slot: number): number {
    return this.state.words[slot + ORDER_CLIENT]!
  }

  /** Side, order type and time in force of an order, as in a record. */
  slotHead(slot: number): number {
    return this.state.words[slot + ORDER_HEAD]!
  }

  /** Trigger price of an order that waits for it; 0 of others. */
  slotStopTicks(slot: number): number {
    const { words } = this.state
    const terms = words[slot + ORDER_TERMS]!
    return terms !== 0 && words[terms + TERMS_IS_WAITING] === 1 ? words[terms + TERMS_STOP_TICKS]! : 0
  }

  slotPriceTicks(slot: number): number {
    return this.state.words[slot + ORDER_PRICE_TICKS]!
  }

  slotTotalLots(slot: number): number {
    return this.state.words[slot + ORDER_TOTAL_LOTS]!
  }

  slotOpenLots(slot: number): number {
    return this.state.words[slot + ORDER_OPEN_LOTS]!
  }

  /** The best levels of one side of an instrument as they show themselves, best first. */
  depth(instrument: number, side: number, levels: number): queries.DepthLevel[] {
    return queries.depth(this.known(), instrument, side, levels)
  }

  /** Best displayed price of one side of an instrument in ticks, or 0 if it shows none. */
  bestPrice(instrument: number, side: number): number {
    return queries.bestPrice(this.known(), instrument, side)
  }

  /** The orders of one side of an instrument, first to trade first, hidden ones too. */
  orders(instrument: number, side: number): Generator<queries.LiveOrder> {
    return queries.restingOrders(this.known(), instrument, side)
  }

  /** The stops of one side of an instrument that wait, first to be triggered first. */
  stops(instrument: number, side: number): Generator<queries.LiveOrder> {
    return queries.waitingStops(this.known(), instrument, side)
  }

  /** A live order, or undefined. */
  order(orderId: number): queries.LiveOrder | undefined {
    return queries.order(this.state, orderId)
  }

  /** Where a live order stands in the queue of its price, or undefined. */
  queuePosition(orderId: number): queries.QueuePosition | undefined {
    return queries.queuePosition(this.state, orderId)
  }

  /** All live orders of a client, by id. */
  openOrders(client: number): queries.LiveOrder[] {
    return queries.openOrders(this.state, client)
  }

  /** Open lots of all live orders: hidden, held back and waiting ones too. */
  openLots(): number {
    return queries.openLots(this.state)
  }

  /** A hash of the whole state: equal for equal states, however they came about. */
  stateHash(): string {
    return hashState(this.known())
  }

  private known(): EngineState {
    this.state.followInstruments()
    return this.state
  }
}
