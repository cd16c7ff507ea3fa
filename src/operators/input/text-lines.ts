import { isAscii, isUtf8 } from 'node:buffer'

/** Bytes that a line may have, its end not counted. */
export const MAX_LINE_BYTES = 65_536

const NEWLINE = 10
const RETURN = 13
const BYTE_ORDER_MARK = 0xfeff

/**
 * Cuts chunks of bytes into lines. The lines of a chunk are decoded all at once and pointed at rather than copied;
 * what stands behind a chunk's last newline waits for the next chunk, up to the length a line may have.
 *
 * After `next` has returned true, the line is `text` from `from` to `to`, unless `problem` says why it cannot be read.
 */
export class TextLines {
  text: string
  from: number
  to: number
  /** Of the line, counted from 1. */
  number: number
  problem: string | undefined
  /** Whether no more bytes will come. */
  ended: boolean
  /** Decoded lines, each with its newline, and how far they have been read. */
  private region: string
  private at: number
  /** Lines of which some cannot be decoded; they stand in place of a region. */
  private readonly odd: (string | undefined)[]
  private oddAt: number
  private readonly carry: Buffer
  private carried: number

  constructor() {
    this.text = ''
    this.from = 0
    this.to = 0
    this.number = 0
    this.problem = undefined
    this.ended = false
    this.region = ''
    this.at = 0
    this.odd = []
    this.oddAt = 0
    this.carry = Buffer.allocUnsafe(MAX_LINE_BYTES + 1)
    this.carried = 0
  }

  /** Whether all lines that were fed have been given. */
  get isEmpty(): boolean {
    return this.oddAt >= this.odd.length && this.at >= this.region.length
  }

  /** Takes the next bytes. Only when `next` has nothing more; the chunk may be used again afterwards. */
  feed(chunk: Buffer): void {
    this.region = ''
    this.at = 0
    this.odd.length = 0
    this.oddAt = 0
    const last = chunk.lastIndexOf(NEWLINE)
    if (last === -1) return this.keep(chunk)
    let start = 0
    if (this.carried > 0) {
      const end = chunk.indexOf(NEWLINE)
      this.keep(chunk.subarray(0, end))
      this.addCarried()
      start = end + 1
    }
    if (last >= start) this.add(chunk.subarray(start, last + 1))
    this.keep(chunk.subarray(last + 1))
  }

  /**
   * No more bytes come.
   * @param isWhole whether the last line is one although no newline follows it; it is left out if the input broke off
   */
  end(isWhole: boolean): void {
    this.ended = true
    if (isWhole && this.carried > 0) this.addCarried()
    this.carried = 0
  }

  /** Moves on to the next line, blank ones included. Returns false when there is none until more bytes are fed. */
  next(): boolean {
    if (this.oddAt < this.odd.length) return this.nextOdd()
    const { region, at } = this
    if (at >= region.length) return false
    const end = region.indexOf('\n', at)
    this.at = end + 1
    return this.point(region, at, end)
  }

  private point(text: string, from: number, to: number): boolean {
    this.number++
    this.text = text
    this.from = this.number === 1 && text.charCodeAt(from) === BYTE_ORDER_MARK ? from + 1 : from
    this.to = to > from && text.charCodeAt(to - 1) === RETURN ? to - 1 : to
    // Only a line that could be too long in bytes is measured: a character has three at most.
    const isLong =
      (to - from) * 3 > MAX_LINE_BYTES && Buffer.byteLength(text.slice(from, to)) > MAX_LINE_BYTES
    this.problem = isLong ? TOO_LONG : undefined
    return true
  }

  private nextOdd(): boolean {
    const line = this.odd[this.oddAt++]
    this.point(line ?? '', 0, line?.length ?? 0)
    if (line === undefined) this.problem = NOT_UTF8
    else if (line === LONG) this.problem = TOO_LONG
    return true
  }

  private keep(bytes: Buffer): void {
    const kept = bytes.copy(this.carry, this.carried)
    this.carried += kept
  }

  private addCarried(): void {
    if (this.carried > MAX_LINE_BYTES) this.odd.push(LONG)
    else this.odd.push(decode(this.carry.subarray(0, this.carried)))
    this.carried = 0
  }

  /** Whole lines: decoded in one go unless one of them has bytes that are not UTF-8. */
  private add(bytes: Buffer): void {
    const region = decode(bytes)
    if (region !== undefined) {
      this.region = region
      return
    }
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, from)
      this.odd.push(end - from > MAX_LINE_BYTES ? LONG : decode(bytes.subarray(from, end)))
      from = end + 1
    }
  }
}

const TOO_LONG = `line is longer than ${MAX_LINE_BYTES} bytes`
const NOT_UTF8 = 'line is not valid UTF-8'
/** Stands for a line that was too long to be kept. No line is this, for a line has no newline in it. */
const LONG = '\n'

function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
