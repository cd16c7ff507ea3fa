import { unlinkSync } from 'node:fs'
import { EventKind, Side, type DepthLevel, type Instruments, type MatchingEngine } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import {
  createMappedFile,
  MappedFileError,
  openMappedFile,
  type MappedFile,
} from '../../memory/mapped-file.ts'
import { Peer } from '../../memory/ring/peer.ts'
import * as layout from './view-layout.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { HEAD, headKind, INSTRUMENT, LOTS, readU64, RECORD_WORDS, SEQUENCE } = record

/** Instruments that a view has room for, however few there are when it is opened. */
const MIN_PAGES = 64

/**
 * What the books of an engine show, written into a file at the end of each batch for processes that look on. A page is
 * written under a version that is odd meanwhile (a sequence lock): the writer waits for nobody, and who reads a page
 * while it changes sees that and reads again.
 */
export class BookView {
  readonly path: string
  readonly levels: number
  readonly instruments: Instruments
  private readonly file: MappedFile
  private readonly words: Int32Array
  private readonly totals: Float64Array
  private readonly pageWords: number
  private readonly owner: Peer
  private readonly pages: number
  /** Instruments with a page. */
  private known: number
  /** For each page, whether it is to be written; and which those are. */
  private readonly isTouched: Uint8Array
  private readonly touched: Int32Array
  private touches: number
  private readonly sequences: Float64Array
  private readonly lastLots: Int32Array
  private readonly isNamed: Uint8Array
  /** Engines that write to it. */
  users: number

  constructor(file: MappedFile, owner: Peer, instruments: Instruments) {
    this.path = file.path
    this.file = file
    this.owner = owner
    this.instruments = instruments
    this.words = new Int32Array(file.buffer)
    this.totals = new Float64Array(file.buffer)
    this.levels = this.words[layout.LEVELS]!
    this.pages = this.words[layout.PAGES]!
    this.pageWords = this.words[layout.PAGE_WORDS]!
    this.known = 0
    this.isTouched = new Uint8Array(this.pages)
    this.touched = new Int32Array(this.pages)
    this.touches = 0
    this.sequences = new Float64Array(this.pages)
    this.lastLots = new Int32Array(this.pages)
    this.isNamed = new Uint8Array(this.pages)
    this.users = 1
    this.words[layout.INSTRUMENTS] = 0
  }

  /**
   * Writes the pages of all instruments that these events are about, and of new ones.
   * @param engine that the events are of; several that share the instruments among them may write to one view
   */
  update(engine: MatchingEngine, events: Int32Array, count: number): void {
    const { instruments } = this
    while (this.known < Math.min(instruments.count, this.pages)) this.touch(this.known++)
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
      const instrument = events[at + INSTRUMENT]!
      if (instrument < 0 || instrument >= this.known) continue
      const kind = headKind(events[at + HEAD]!)
      if (kind === EventKind.rejected) continue
      this.touch(instrument)
      this.sequences[instrument] = readU64(events, at + SEQUENCE)
      if (kind === EventKind.trade) this.lastLots[instrument] = events[at + LOTS]!
    }
    for (let i = 0; i < this.touches; i++) {
      const instrument = this.touched[i]!
      this.isTouched[instrument] = 0
      this.write(engine, instrument)
    }
    this.touches = 0
    this.words[layout.LEFT_OUT] = instruments.count - this.known
    this.words[layout.INSTRUMENTS] = this.known
  }

  /** Writes all pages with the next update: the engine has taken up what it knew before. */
  refresh(): void {
    // Of several engines each knows its own instruments alone.
    if (this.users === 1)
      for (let instrument = 0; instrument < this.known; instrument++) this.touch(instrument)
  }

  close(): void {
    if (--this.users > 0) return
    open.delete(this.path)
    this.owner.give()
    this.file.close()
  }

  private touch(instrument: number): void {
    if (this.isTouched[instrument] === 1) return
    this.isTouched[instrument] = 1
    this.touched[this.touches++] = instrument
  }

  private write(engine: MatchingEngine, instrument: number): void {
    const { words, totals } = this
    const page = layout.HEADER_WORDS + instrument * this.pageWords
    const version = words[page + layout.PAGE_VERSION]!
    Atomics.store(words, page + layout.PAGE_VERSION, version | 1)
    if (this.isNamed[instrument] === 0) this.writeNames(page, instrument)
    words[page + layout.STATE] = engine.tradingState(instrument)
    words[page + layout.LAST_TICKS] = engine.lastTrade(instrument)
    words[page + layout.LAST_LOTS] = this.lastLots[instrument]!
    totals[(page + layout.SEQUENCE) >> 1] = this.sequences[instrument]!
    const bids = page + layout.FIRST_LEVEL
    this.writeSide(engine.depth(instrument, Side.buy, this.levels), true, page, bids)
    this.writeSide(
      engine.depth(instrument, Side.sell, this.levels),
      false,
      page,
      bids + this.levels * layout.LEVEL_WORDS,
    )
    words[page + layout.CHECKSUM] = layout.pageChecksum(words, page, this.pageWords)
    Atomics.store(words, page + layout.PAGE_VERSION, ((version | 1) + 1) | 0 || 2)
  }

  private writeSide(shown: readonly DepthLevel[], isBid: boolean, page: number, from: number): void {
    const { words, totals } = this
    let [lots, orders] = [0, 0]
    for (let i = 0; i < this.levels; i++) {
      const at = from + i * layout.LEVEL_WORDS
      const level = shown[i]
      words[at] = level?.priceTicks ?? 0
      words[at + 1] = level?.orders ?? 0
      totals[(at + 2) >> 1] = level?.lots ?? 0
      lots += level?.lots ?? 0
      orders += level?.orders ?? 0
    }
    words[page + (isBid ? layout.BIDS : layout.OFFERS)] = shown.length
    words[page + (isBid ? layout.BID_ORDERS : layout.OFFER_ORDERS)] = orders
    totals[(page + (isBid ? layout.BID_LOTS : layout.OFFER_LOTS)) >> 1] = lots
  }

  private writeNames(page: number, instrument: number): void {
    const { instruments } = this
    this.isNamed[instrument] = 1
    this.writeText(page + layout.TICK, layout.TEXT_WORDS, instruments.formatPrice(instrument, 1))
    this.writeText(page + layout.LOT, layout.TEXT_WORDS, instruments.formatQuantity(instrument, 1))
    this.writeText(page + layout.SYMBOL, layout.SYMBOL_WORDS, instruments.symbol(instrument))
  }

  /** A text that is too long is cut. */
  private writeText(at: number, words: number, text: string): void {
    const bytes = new Uint8Array(this.words.buffer, at * 4, words * 4).fill(0)
    new TextEncoder().encodeInto(text, bytes)
  }
}

/** Views that this thread writes, by path: the workers of a partition share one. */
const open = new Map<string, BookView>()

/**
 * Opens a view for writing. One that is there with as many levels and pages is taken up, so that whoever looks on goes on
 * doing so; another one is replaced.
 * @throws MappedFileError: `EBUSY` if a process writes it that lives, `EINVAL` if the file is something else
 */
export async function openBookView(
  path: string,
  levels: number,
  instruments: Instruments,
): Promise<BookView> {
  const shared = open.get(path)
  if (shared?.instruments === instruments && shared.levels === levels) {
    shared.users++
    return shared
  }
  const pages = Math.max(MIN_PAGES, instruments.count)
  const file = takeUp(path, pages, levels) ?? create(path, pages, levels)
  const owner = new Peer(file.buffer, 'writer')
  const holder = await owner.take()
  if (holder === undefined) {
    // Versions only ever rise, so that a reader cannot take an old page for a new one; a page left half-written is odd.
    const view = new BookView(file, owner, instruments)
    open.set(path, view)
    return view
  }
  file.close()
  throw new MappedFileError(path, 'EBUSY', `process ${holder} writes it already`)
}

function takeUp(path: string, pages: number, levels: number): MappedFile | undefined {
  let file: MappedFile
  try {
    file = openMappedFile(path)
  } catch (error) {
    if ((error as MappedFileError).code === 'ENOENT') return undefined
    throw error
  }
  const words = new Int32Array(file.buffer, 0, Math.min(layout.HEADER_WORDS, file.bytes >> 2))
  const isView = words[layout.MAGIC] === layout.VIEW_MAGIC
  const fits =
    words[layout.VERSION] === layout.VIEW_VERSION &&
    words[layout.PAGES] === pages &&
    words[layout.LEVELS] === levels &&
    file.bytes === layout.viewBytes(pages, levels)
  const holder = isView ? new Peer(file.buffer, 'writer') : undefined
  if (isView && (fits || holder!.state() === 'alive')) return file
  file.close()
  if (!isView) throw new MappedFileError(path, 'EINVAL', 'is there and is not a view of order books')
  unlinkSync(path)
  return undefined
}

function create(path: string, pages: number, levels: number): MappedFile {
  return createMappedFile(path, layout.viewBytes(pages, levels), (buffer) => {
    const words = new Int32Array(buffer)
    words[layout.MAGIC] = layout.VIEW_MAGIC
    words[layout.VERSION] = layout.VIEW_VERSION
    words[layout.PAGES] = pages
    words[layout.LEVELS] = levels
    words[layout.PAGE_WORDS] = layout.pageWords(levels)
  })
}
