import type { Batch, Instruments, MatchingEngine } from '../book/index.ts'
import * as record from '../book/record.ts'
import * as rejectCode from '../book/reject-code.ts'
import { Alerts, Audit } from './audit.ts'
import { Breakers, type BreakerSettings } from './breakers.ts'
import { Checks } from './checks.ts'
import * as following from './follow.ts'
import * as logTime from './log-time.ts'
import { hashRisk, restoreRiskSnapshot, takeRiskSnapshot } from './risk-snapshot.ts'
import { changeByCommand, load, type ChangeTarget, type RiskSettings } from './risk-change.ts'
import { RiskBook } from './risk-state.ts'
import type { RiskRoom } from './row-store.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { CLIENT, CODE, CommandKind, EventKind, HEAD, headKind, INSTRUMENT, LINKED_ORDER_ID, LOTS } = record
const {
  headOrderType,
  headSide,
  Side,
  ORDER_ID,
  OrderType,
  PRICE_TICKS,
  readU64,
  RECORD_WORDS,
  SEQUENCE,
  STOP_TICKS,
} = record
const { ACCEPTED } = rejectCode
const { followEvent } = following
const { commandTime } = logTime

const REJECT_CODE_MASK = 0xffff
const NO_SLOT = 0

/**
 * Pre-trade risk: judges each command record and follows what the engine makes of those before it. A deterministic machine
 * over the log, as the engine is: no clock, no randomness; the same commands and events give the same decisions and state.
 *
 * It must see what the engine did with one command before it judges the next, so it stands before `match` in the same
 * island, and record by record: `follow` takes up the events that have come since.
 */
export class RiskEngine implements ChangeTarget {
  book: RiskBook
  readonly audit: Audit
  readonly alerts: Alerts
  breakers: Breakers
  checks: Checks
  /** Orders judged, and refused. */
  judged: number
  refused: number
  /** How many by each reject code. */
  readonly refusedBy: Float64Array
  private followed: number

  /** @throws RangeError naming the limit, for one that is none */
  constructor(instruments: Instruments, settings: RiskSettings = {}, room: RiskRoom = {}) {
    this.book = new RiskBook(instruments, room)
    this.audit = new Audit()
    this.alerts = new Alerts()
    this.breakers = new Breakers(this.book, this.audit)
    this.checks = new Checks(this.book, this.breakers, this.alerts)
    this.judged = this.refused = this.followed = 0
    this.refusedBy = new Float64Array(128)
    load(this, settings)
  }

  /** The matching engine whose events are followed and whose book is looked at. */
  set engine(engine: MatchingEngine | undefined) {
    this.checks.engine = engine
  }

  /** What the breakers are set to. */
  get breakerSettings(): BreakerSettings {
    return this.breakers.settings
  }

  /** Handles one command record: writes a reject code into it if a limit is passed. */
  process(words: Int32Array, at: number): void {
    const { book } = this
    const { engine } = this.checks
    if (book.instruments.count !== book.known) this.followInstruments()
    if (engine !== undefined && engine.events.count !== this.followed) this.follow(engine.events)
    book.sequence = readU64(words, at + SEQUENCE)
    const time = commandTime(words, at)
    if (time > book.now) book.advance(time)
    if ((words[at + CODE]! & REJECT_CODE_MASK) !== ACCEPTED) return
    const kind = headKind(words[at + HEAD]!)
    if (kind === CommandKind.new) words[at + CODE]! |= this.judgeNew(words, at)
    else if (kind === CommandKind.amend) words[at + CODE]! |= this.judgeChange(words, at, ORDER_ID)
    else if (kind === CommandKind.replace) words[at + CODE]! |= this.judgeChange(words, at, LINKED_ORDER_ID)
    else if (kind === CommandKind.cancel) this.passCancel(words, at)
    else if (kind === CommandKind.risk) words[at + CODE]! |= changeByCommand(this, words, at)
  }

  /** Takes up the events since the last time. To be called before the batch of events is emptied, too. */
  follow(events: Batch): void {
    if (events.count < this.followed) this.followed = 0
    const { words } = events
    const end = events.count * RECORD_WORDS
    for (let at = this.followed * RECORD_WORDS; at < end; at += RECORD_WORDS) {
      const kind = headKind(words[at + HEAD]!)
      if (kind === EventKind.rejected) {
        if (this.breakers.hasRejects && words[at + CLIENT] !== 0) this.breakers.rejected(words[at + CLIENT]!)
      } else {
        if (kind === EventKind.trade && this.breakers.hasMoves)
          this.breakers.traded(words[at + INSTRUMENT]!, words[at + PRICE_TICKS]!)
        followEvent(this.book, words, at)
      }
    }
    this.followed = events.count
  }

  /** The end of a batch: its events are about to be emptied. */
  endBatch(): void {
    const { engine } = this.checks
    if (engine !== undefined) this.follow(engine.events)
    this.followed = 0
  }

  /** Instruments may be added while running. */
  followInstruments(): void {
    this.book.followInstruments()
    this.breakers.followMoney()
  }

  /** The whole state between two batches, as bytes. */
  snapshot(): Uint8Array {
    return takeRiskSnapshot(this)
  }

  /**
   * Takes up what `snapshot` gave, limits and breakers too.
   * @throws RangeError that says why the bytes are no such snapshot; the state stays as it was then
   */
  restore(bytes: Uint8Array): void {
    const book = new RiskBook(this.book.instruments)
    const breakers = new Breakers(book, this.audit)
    const checks = new Checks(book, breakers, this.alerts)
    restoreRiskSnapshot({ book, breakers, checks, audit: this.audit }, bytes)
    checks.engine = this.checks.engine
    this.book = book
    this.breakers = breakers
    this.checks = checks
    this.followed = checks.engine?.events.count ?? 0
  }

  /** A hash of the state: equal for equal states, however they came about. */
  stateHash(): string {
    return hashRisk(this)
  }

  private judgeNew(words: Int32Array, at: number): number {
    const { checks } = this
    const head = words[at + HEAD]!
    const price = words[at + PRICE_TICKS]!
    const lots = words[at + LOTS]!
    const client = words[at + CLIENT]!
    const instrument = words[at + INSTRUMENT]!
    // What is no order in itself is for the engine to refuse.
    const isOrder = lots > 0 && price >= 0 && headSide(head) <= Side.sell
    if (instrument >>> 0 >= this.book.known || !isOrder) return ACCEPTED
    const stop = words[at + STOP_TICKS]!
    this.judged++
    const code = checks.judge(client, instrument, head, price, stop, lots, lots, lots, true, true)
    if (code === ACCEPTED) checks.remember(head, price, stop, lots)
    else this.count(code)
    return code
  }

  /**
   * Judges an amend or a replace as the order it would make.
   * @param idWord where the record has the id of the order that it names
   */
  private judgeChange(words: Int32Array, at: number, idWord: number): number {
    const { engine } = this.checks
    const slot = engine?.find(words[at + idWord]!, words[at + idWord + 1]!) ?? NO_SLOT
    // Nothing to change, or not by this client: the engine will say so.
    if (slot === NO_SLOT) return ACCEPTED
    const client = words[at + CLIENT]!
    const owner = engine!.slotClient(slot)
    if (client !== 0 && client !== owner) return ACCEPTED
    const instrument = engine!.slotInstrument(slot)
    const asked = words[at + INSTRUMENT]!
    if (asked >= 0 && asked !== instrument) return ACCEPTED
    const head = engine!.slotHead(slot)
    const given = words[at + PRICE_TICKS]!
    const price = given === 0 ? engine!.slotPriceTicks(slot) : given
    const total = engine!.slotTotalLots(slot)
    const open = engine!.slotOpenLots(slot)
    const isReplace = idWord === LINKED_ORDER_ID
    let lots = words[at + LOTS]!
    if (lots === 0) lots = isReplace ? open : total
    if (lots < 0 || price < 0) return ACCEPTED
    const openAfter = isReplace ? lots : lots - (total - open)
    let stop = 0
    if (price === 0 && headOrderType(head) !== OrderType.trailingStop)
      stop = words[at + STOP_TICKS] === 0 ? engine!.slotStopTicks(slot) : words[at + STOP_TICKS]!
    this.judged++
    const { checks } = this
    const added = openAfter - open
    const isOwn = client !== 0
    const code = checks.judge(owner, instrument, head, price, stop, lots, openAfter, added, false, isOwn)
    if (code !== ACCEPTED) this.count(code)
    return code
  }

  private count(code: number): void {
    this.refused++
    this.refusedBy[code]!++
  }

  private passCancel(words: Int32Array, at: number): void {
    const { engine } = this.checks
    const client = words[at + CLIENT]!
    if (client === 0 || engine === undefined) return
    const slot = engine.find(words[at + ORDER_ID]!, words[at + ORDER_ID + 1]!)
    const asked = words[at + INSTRUMENT]!
    const instrument = asked >= 0 ? asked : slot === NO_SLOT ? 0 : engine.slotInstrument(slot)
    if (instrument < this.book.known) this.checks.passMessage(client, instrument)
  }
}
