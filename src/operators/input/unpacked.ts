import { createGunzip, type Gunzip } from 'node:zlib'
import type { Chunks } from './chunks.ts'

/** Whether bytes begin as a gzip file does (RFC 1952, 2.3.1). */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Packed bytes are unpacked in pieces this small. What a damaged piece held before the damage is lost with it, and
 * a piece of this size cannot unpack to more than a megabyte (deflate packs 1,032 to 1 at best).
 */
const PIECE_BYTES = 1_024
const UNPACKED_BYTES = 2 * 1_024 * 1_024

/** The checksum and length at the end (RFC 1952, 2.3.1), which are looked at only after all else has been given. */
const TRAILER_BYTES = 8

/** Chunks of what was packed with gzip. Whether it is whole is known only at its end: see `problem`. */
export class Unpacked implements Chunks {
  problem: string | undefined
  private readonly packed: Chunks
  private readonly gunzip: Gunzip
  private error: Error | undefined
  /** Packed bytes in hand, and how far they have been unpacked. The last few wait until more come or none do. */
  private held: Buffer
  private at: number
  private isLast: boolean
  private isOver: boolean

  /** @param first bytes that were read already */
  constructor(packed: Chunks, first: Buffer) {
    this.problem = undefined
    this.packed = packed
    // It is read only after each write is through: room for all that a write may give keeps writes from stalling.
    this.gunzip = createGunzip({ highWaterMark: UNPACKED_BYTES } as object)
    this.gunzip.on('error', (error) => {
      this.error = error
    })
    this.held = Buffer.from(first)
    this.at = 0
    this.isLast = false
    this.isOver = false
  }

  async next(): Promise<Buffer | undefined> {
    while (!this.isOver) {
      const piece = await this.nextPiece()
      const bytes = await this.unpack(piece)
      if (bytes.length > 0) return bytes
    }
    return undefined
  }

  async close(): Promise<void> {
    this.gunzip.destroy()
    await this.packed.close()
  }

  /** The next packed bytes; undefined when there are no more. */
  private async nextPiece(): Promise<Buffer | undefined> {
    while (!this.isLast && this.held.length - this.at <= TRAILER_BYTES) {
      const more = await this.packed.next()
      if (more === undefined) this.isLast = true
      else {
        this.held = Buffer.concat([this.held.subarray(this.at), more])
        this.at = 0
      }
    }
    const left = this.held.length - this.at
    if (left === 0) return undefined
    const size = Math.min(PIECE_BYTES, left > TRAILER_BYTES ? left - TRAILER_BYTES : left)
    this.at += size
    return this.held.subarray(this.at - size, this.at)
  }

  private unpack(piece: Buffer | undefined): Promise<Buffer> {
    const { gunzip } = this
    return new Promise((resolve) => {
      const unpacked: Buffer[] = []
      const settle = (error?: Error | null): void => {
        this.error ??= error ?? undefined
        gunzip.off('error', settle)
        if (this.error !== undefined || piece === undefined) this.finish()
        else for (let bytes; (bytes = gunzip.read() as Buffer | null) !== null;) unpacked.push(bytes)
        resolve(Buffer.concat(unpacked))
      }
      gunzip.once('error', settle)
      if (piece !== undefined) gunzip.write(piece, settle)
      else
        gunzip
          .on('data', (bytes: Buffer) => unpacked.push(bytes))
          .once('end', settle)
          .end()
    })
  }

  private finish(): void {
    this.isOver = true
    if (this.packed.problem !== undefined) this.problem = this.packed.problem
    else if (this.error !== undefined) {
      const isShort = (this.error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
      this.problem = `input broke off: gzip data is ${isShort ? 'cut short' : 'damaged'}`
    }
  }
}
