import { Instruments, type DepthLevel } from '../../book/index.ts'
import { MappedFileError, openMappedFile, type MappedFile } from '../../memory/mapped-file.ts'
import { Peer, type PeerState } from '../../memory/ring/peer.ts'
import * as layout from './view-layout.ts'

/** What a book showed at the end of some batch. */
export interface BookPage {
  readonly symbol: string
  readonly tick: string
  readonly lot: string
  /** A TradingState. */
  readonly state: number
  readonly lastTicks: number
  /** 0 where there was no trade since the view was opened. */
  readonly lastLots: number
  /** Of the latest command that changed something here. */
  readonly sequence: number
  /** Best first. */
  readonly bids: readonly DepthLevel[]
  readonly offers: readonly DepthLevel[]
}

/** Times that a page is read again before it is given up: its writer was stopped or died while it wrote. */
const TRIES = 1_000

/** A view of order books that another process writes, for reading only. */
export class ViewReader {
  readonly path: string
  private readonly file: MappedFile
  private readonly words: Int32Array
  private readonly pageWords: number
  private readonly levels: number
  private readonly owner: Peer
  /** A page as it was copied, and the same as floats. */
  private readonly copy: Int32Array
  private readonly copyTotals: Float64Array
  /** Pages that had to be read again because they changed meanwhile. */
  retries: number

  /** @throws MappedFileError if the file cannot be read or is not a view */
  constructor(path: string) {
    this.path = path
    this.file = openMappedFile(path, { writable: false })
    this.words = new Int32Array(this.file.buffer, 0, this.file.bytes >> 2)
    const fault = viewFault(this.words)
    if (fault !== undefined) {
      this.file.close()
      throw new MappedFileError(path, 'EINVAL', fault)
    }
    this.pageWords = this.words[layout.PAGE_WORDS]!
    this.levels = this.words[layout.LEVELS]!
    this.owner = new Peer(this.file.buffer, 'writer')
    this.copy = new Int32Array(this.pageWords)
    this.copyTotals = new Float64Array(this.copy.buffer)
    this.retries = 0
  }

  /** Instruments with a page. */
  get instruments(): number {
    return Atomics.load(this.words, layout.INSTRUMENTS)
  }

  /** Instruments that the view has no room for. */
  get leftOut(): number {
    return this.words[layout.LEFT_OUT]!
  }

  /** Whether the process that writes the view is there, and which that is. */
  get writer(): { readonly state: PeerState; readonly pid: number } {
    return { state: this.owner.state(), pid: this.owner.pid }
  }

  /** Changes each time the page of an instrument does. */
  version(instrument: number): number {
    return Atomics.load(this.words, this.pageAt(instrument))
  }

  /** The page of an instrument, whole; undefined while its writer is stopped in the middle of writing it. */
  page(instrument: number): BookPage | undefined {
    const { words, copy } = this
    const at = this.pageAt(instrument)
    for (let turn = 0; turn < TRIES; turn++) {
      const before = Atomics.load(words, at)
      if ((before & 1) === 0) {
        for (let i = 1; i < this.pageWords; i++) copy[i] = words[at + i]!
        // The checksum stands in for a fence: loads before an atomic one may be late on some processors.
        const isWhole = copy[layout.CHECKSUM] === layout.pageChecksum(copy, 0, this.pageWords)
        if (Atomics.load(words, at) === before && isWhole) return this.decoded()
      }
      this.retries++
    }
    return undefined
  }

  /** What the writer says that the levels of the page that was read last come to, for a check on them. */
  sums(): { readonly lots: number; readonly orders: number } {
    const { copy, copyTotals } = this
    return {
      lots: copyTotals[layout.BID_LOTS >> 1]! + copyTotals[layout.OFFER_LOTS >> 1]!,
      orders: copy[layout.BID_ORDERS]! + copy[layout.OFFER_ORDERS]!,
    }
  }

  close(): void {
    this.file.close()
  }

  private pageAt(instrument: number): number {
    return layout.HEADER_WORDS + instrument * this.pageWords
  }

  private decoded(): BookPage {
    const { copy, copyTotals } = this
    const bids = layout.FIRST_LEVEL
    return {
      symbol: this.text(layout.SYMBOL, layout.SYMBOL_WORDS),
      tick: this.text(layout.TICK, layout.TEXT_WORDS),
      lot: this.text(layout.LOT, layout.TEXT_WORDS),
      state: copy[layout.STATE]!,
      lastTicks: copy[layout.LAST_TICKS]!,
      lastLots: copy[layout.LAST_LOTS]!,
      sequence: copyTotals[layout.SEQUENCE >> 1]!,
      bids: this.side(bids, copy[layout.BIDS]!),
      offers: this.side(bids + this.levels * layout.LEVEL_WORDS, copy[layout.OFFERS]!),
    }
  }

  private side(from: number, count: number): DepthLevel[] {
    return Array.from({ length: count }, (_, i) => {
      const at = from + i * layout.LEVEL_WORDS
      return {
        priceTicks: this.copy[at]!,
        lots: this.copyTotals[(at + 2) >> 1]!,
        orders: this.copy[at + 1]!,
      }
    })
  }

  private text(at: number, words: number): string {
    const bytes = new Uint8Array(this.copy.buffer, at * 4, words * 4)
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end))
  }
}

/** Prices and quantities of a page in decimals. */
export function pageFormat(page: BookPage): {
  readonly price: (ticks: number) => string
  readonly quantity: (lots: number) => string
} {
  const { symbol, tick, lot } = page
  const one = new Instruments([{ symbol, tick, lot }])
  return { price: (ticks) => one.formatPrice(0, ticks), quantity: (lots) => one.formatQuantity(0, lots) }
}

function viewFault(words: Int32Array): string | undefined {
  if (words.length < layout.HEADER_WORDS || words[layout.MAGIC] !== layout.VIEW_MAGIC)
    return 'is not a view of order books'
  if (words[layout.VERSION] !== layout.VIEW_VERSION)
    return `is a view of format version ${words[layout.VERSION]}, this program knows ${layout.VIEW_VERSION}`
  const [pages, levels] = [words[layout.PAGES]!, words[layout.LEVELS]!]
  const isSound = pages > 0 && levels > 0 && words[layout.PAGE_WORDS] === layout.pageWords(levels)
  if (!isSound || words.length * 4 < layout.viewBytes(pages, levels))
    return 'is a view that is cut short or damaged'
  return undefined
}
