import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Configuration } from './configuration.ts'
import { getU64, HEADER_BYTES, HEADER_WORDS, padded, setU64 } from './layout.ts'
import { JournalError, systemMessage } from './problem.ts'
import { syncDirectory, writeAll } from './segment-file.ts'
import type { TableEntries } from './tables.ts'

/**
 * All that is needed to go on behind a sequence. In a file, little-endian:
 *
 *  word
 *   0  magic 'MRJS'      1  format version
 *   2  bytes of the JSON behind this header, before its padding
 *   3  CRC-32 of all that stands behind this header
 *   4  sequence, u64     6  bytes of the whole file, u64
 *   8 - 14  0           15  CRC-32 of words 0 to 14
 *  16  JSON: configuration, tables, and the name and the length of each part; padded with zeros
 *   .. the parts, each padded with zeros: `engine` (src/book/recovery), then of each stage its state, as `stage ID`
 */
export interface Snapshot {
  readonly sequence: number
  /** How many commands came up to there: fewer than the sequence if some were lost. */
  readonly commands: number
  readonly configuration: Configuration
  readonly tables: TableEntries
  readonly engine: Uint8Array
  readonly stages: ReadonlyMap<string, Uint8Array>
}

interface Meta {
  readonly commands: number
  readonly configuration: Configuration
  readonly tables: TableEntries
  readonly parts: readonly (readonly [string, number])[]
}

export const SNAPSHOT_MAGIC = 0x534a_524d
export const SNAPSHOT_VERSION = 1
const ENGINE = 'engine'
const STAGE = 'stage '
const NAME = /^snapshot-(\d{16})\.snap$/

export interface SnapshotName {
  readonly path: string
  readonly name: string
  readonly sequence: number
}

/** The snapshots in a directory, the newest first. */
export function listSnapshots(dir: string): SnapshotName[] {
  return readdirSync(dir)
    .map((name) => ({ name, match: NAME.exec(name) }))
    .filter(({ match }) => match !== null)
    .map(({ name, match }) => ({ name, path: join(dir, name), sequence: Number(match![1]) }))
    .sort((a, b) => b.sequence - a.sequence)
}

/**
 * Writes a snapshot beside those that are there: under another name first, then, once it is on the disk, under its own.
 * @returns its path
 * @throws JournalError if it cannot be written; what was there before is as it was
 */
export function writeSnapshot(dir: string, snapshot: Snapshot): string {
  const path = join(dir, `snapshot-${String(snapshot.sequence).padStart(16, '0')}.snap`)
  const draft = `${path}.tmp`
  const parts: [string, Uint8Array][] = [
    [ENGINE, snapshot.engine],
    ...[...snapshot.stages].map(([id, bytes]): [string, Uint8Array] => [STAGE + id, bytes]),
  ]
  const { commands, configuration, tables } = snapshot
  const meta: Meta = {
    commands,
    configuration,
    tables,
    parts: parts.map(([name, bytes]) => [name, bytes.length]),
  }
  const text = Buffer.from(JSON.stringify(meta))
  const chunks = [text, ...parts.map(([, bytes]) => bytes)].flatMap((bytes) => [
    bytes,
    new Uint8Array(padded(bytes.length) - bytes.length),
  ])
  const header = new Uint8Array(HEADER_BYTES)
  const words = new Int32Array(header.buffer)
  words.set([SNAPSHOT_MAGIC, SNAPSHOT_VERSION, text.length])
  words[3] = chunks.reduce((crc, bytes) => crc32(bytes, crc), 0) | 0
  setU64(words, 4, snapshot.sequence)
  setU64(words, 6, HEADER_BYTES + chunks.reduce((sum, { length }) => sum + length, 0))
  words[15] = crc32(header.subarray(0, 60)) | 0
  try {
    const file = openSync(draft, 'w')
    try {
      let at = 0
      for (const bytes of [header, ...chunks]) {
        writeAll(file, bytes, at)
        at += bytes.length
      }
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
    syncDirectory(dir)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new JournalError(path, `the snapshot cannot be written: ${systemMessage(error)}`)
  }
  return path
}

/** A snapshot that cannot be used, and whether an older one may be used in its place. */
export interface SnapshotProblem {
  readonly message: string
  readonly isDamage: boolean
}

/** Reads a snapshot, every byte of it checked. */
export function readSnapshot(path: string): Snapshot | SnapshotProblem {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    return { message: `${path}: the snapshot cannot be read: ${systemMessage(error)}`, isDamage: true }
  }
  const damage = (what: string): SnapshotProblem => ({ message: `${path}: ${what}`, isDamage: true })
  if (bytes.length < HEADER_BYTES) return damage('the snapshot is cut short')
  const header = Uint8Array.from(bytes.subarray(0, HEADER_BYTES))
  const words = new Int32Array(header.buffer, 0, HEADER_WORDS)
  if (words[0] !== SNAPSHOT_MAGIC) return damage('it does not begin as a snapshot does')
  if ((crc32(header.subarray(0, 60)) | 0) !== words[15]) return damage("the snapshot's header is damaged")
  if (words[1] !== SNAPSHOT_VERSION)
    return {
      message: `${path}: the snapshot is of format ${words[1]}, and this Millrace reads format ${SNAPSHOT_VERSION}: start the version of Millrace that wrote it, or move the snapshot away to replay the log from an older one`,
      isDamage: false,
    }
  if (getU64(words, 6) !== bytes.length) return damage('the snapshot is cut short')
  if ((crc32(bytes.subarray(HEADER_BYTES)) | 0) !== words[3]) return damage('the snapshot is damaged')
  const text = bytes.subarray(HEADER_BYTES, HEADER_BYTES + words[2]!)
  const { commands, configuration, tables, parts } = JSON.parse(Buffer.from(text).toString('utf8')) as Meta
  let at = HEADER_BYTES + padded(text.length)
  const stages = new Map<string, Uint8Array>()
  let engine: Uint8Array = new Uint8Array(0)
  for (const [name, length] of parts) {
    if (name === ENGINE) engine = bytes.subarray(at, at + length)
    else stages.set(name.slice(STAGE.length), bytes.subarray(at, at + length))
    at += padded(length)
  }
  return { sequence: getU64(words, 4), commands, configuration, tables, engine, stages }
}

/** Takes away all but the newest snapshots. */
export function dropSnapshots(dir: string, keep: number): void {
  for (const { path } of listSnapshots(dir).slice(keep)) rmSync(path, { force: true })
}
