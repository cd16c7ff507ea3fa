import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { median } from '../../src/cli/bench/median.ts'
import { openMapped } from '../../src/journal/mapped-segment-file.ts'
import { openWritten, prepareSegment, type OpenSegmentFile } from '../../src/journal/segment-file.ts'

const BLOCK_BYTES = 65_536
const BLOCKS = 512
const SYNCS = 64
const ROUNDS = 5

/** Microseconds for a block of 64 KiB: its checksum, and into a prepared segment by either way, without and with a sync. */
export function measureFiles(dir: string): Record<string, number> {
  mkdirSync(dir, { recursive: true })
  const block = Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (i * 7_919) & 255)
  const ways: readonly (readonly [string, OpenSegmentFile])[] = [
    ['write', openWritten],
    ['map', openMapped],
  ]
  const times = new Map<string, number[]>()
  const note = (name: string, us: number): void => {
    times.set(name, [...(times.get(name) ?? []), us])
  }
  for (let round = 0; round < ROUNDS; round++) {
    note(
      'checksumUs',
      perBlock(BLOCKS, () => crc32(block)),
    )
    for (const [name, open] of round % 2 === 0 ? ways : [...ways].reverse()) {
      const path = join(dir, `${name}-${round}`)
      prepareSegment(path, BLOCKS * BLOCK_BYTES, true)
      const file = open(path, BLOCKS * BLOCK_BYTES)
      note(
        `${name}Us`,
        perBlock(BLOCKS, (i) => file.write(block, i * BLOCK_BYTES)),
      )
      file.sync()
      note(
        `${name}AndSyncUs`,
        perBlock(SYNCS, (i) => {
          file.write(block, i * BLOCK_BYTES)
          file.sync()
        }),
      )
      file.close(BLOCKS * BLOCK_BYTES)
      if (!readFileSync(path).subarray(-BLOCK_BYTES).equals(block))
        throw new Error('the file holds something else')
    }
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, Number(median(each).toFixed(1))]))
}

function perBlock(blocks: number, work: (i: number) => void): number {
  const began = performance.now()
  for (let i = 0; i < blocks; i++) work(i)
  return ((performance.now() - began) / blocks) * 1e3
}
