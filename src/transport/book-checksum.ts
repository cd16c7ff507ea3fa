import { crc32 } from './crc32.ts'

/** Levels of each side that the checksum of a book covers. */
export const CHECKSUM_LEVELS = 10

export interface ShownLevel {
  readonly priceTicks: number
  readonly lots: number
}

/**
 * CRC-32 of a book as market data shows it: the ten best bids, best first, then the ten best offers, best first; of each
 * level the price in ticks as an i32 and the lots as a u64, little-endian. Levels that are not there are left out.
 */
export function bookChecksum(bids: readonly ShownLevel[], offers: readonly ShownLevel[]): number {
  const levels = [...bids.slice(0, CHECKSUM_LEVELS), ...offers.slice(0, CHECKSUM_LEVELS)]
  const bytes = new Uint8Array(levels.length * 12)
  const view = new DataView(bytes.buffer)
  for (const [i, { priceTicks, lots }] of levels.entries()) {
    view.setInt32(i * 12, priceTicks, true)
    view.setBigUint64(i * 12 + 4, BigInt(lots), true)
  }
  return crc32(bytes)
}
