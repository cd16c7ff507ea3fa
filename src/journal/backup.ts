import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { SegmentKind } from './layout.ts'
import { JournalError, systemMessage } from './problem.ts'
import { Replay } from './replay.ts'
import { syncDirectory, writeAll } from './segment-file.ts'
import { listSegments, SegmentReader } from './segment-reader.ts'
import { listSnapshots, readSnapshot } from './snapshot-file.ts'

const MANIFEST = 'backup.json'
const CHUNK_BYTES = 4_194_304

/** What a backup is made of. */
interface Manifest {
  readonly format: 1
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly crc: number }[]
}

export interface BackupResult {
  readonly files: number
  /** Files that were there from an earlier backup and are still the same. */
  readonly kept: number
  readonly bytes: number
}

export interface RestoreResult {
  readonly files: number
  readonly bytes: number
  readonly sequence: number
  readonly commands: number
  readonly hash: string
}

/**
 * Copies a journal, which may be in use, into a directory of its own, and checks every block on the way. A later
 * backup into the same directory copies what has come since.
 * @throws JournalError if something is damaged, or cannot be read or written
 */
export function backUp(dir: string, into: string): BackupResult {
  if (listSegments(dir, SegmentKind.commands).length === 0)
    throw new JournalError(dir, 'no journal is in this directory')
  mkdirSync(into, { recursive: true })
  const before = new Map(readManifest(into)?.files.map((file) => [file.name, file]))
  if (before.size === 0 && readdirSync(into).length > 0)
    throw new JournalError(into, 'there is something in this directory that is no backup')
  // Events and snapshots first: commands come before them, so none is copied whose command is not.
  const parts = [
    ...listSegments(dir, SegmentKind.events).map(({ path, name }) => ({ path, name, isSegment: true })),
    ...listSnapshots(dir).map(({ path, name }) => ({ path, name, isSegment: false })),
  ]
  const files: Manifest['files'][number][] = []
  let kept = 0
  const take = (name: string, path: string, isSegment: boolean): void => {
    const bytes = isSegment ? wholeBytes(path) : goodSnapshotBytes(path)
    if (bytes === 0) return
    const known = before.get(name)
    const target = join(into, name)
    if (known?.bytes === bytes && existsSync(target) && crcOf(target, bytes) === known.crc) {
      files.push(known)
      kept++
    } else files.push({ name, bytes, crc: copy(path, target, bytes) })
  }
  for (const { name, path, isSegment } of parts) take(name, path, isSegment)
  for (const { name, path } of listSegments(dir, SegmentKind.commands)) take(name, path, true)
  const manifest: Manifest = { format: 1, files }
  writeFileSync(join(into, `${MANIFEST}.tmp`), JSON.stringify(manifest), { flush: true })
  renameSync(join(into, `${MANIFEST}.tmp`), join(into, MANIFEST))
  const wanted = new Set([MANIFEST, ...files.map(({ name }) => name)])
  for (const name of readdirSync(into)) if (before.has(name) && !wanted.has(name)) rmSync(join(into, name))
  syncDirectory(into)
  return { files: files.length, kept, bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
}

/**
 * Makes a journal of a backup, and checks that each file is as it was copied and that the state can be brought back.
 * @throws JournalError if that is not so, or there is a journal already
 */
export function restoreBackup(from: string, dir: string): RestoreResult {
  const manifest = readManifest(from)
  if (manifest === undefined) throw new JournalError(from, 'no backup is in this directory')
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new JournalError(dir, 'this directory is not empty: restore into a new one')
  mkdirSync(dir, { recursive: true })
  for (const { name, bytes, crc } of manifest.files) {
    const path = join(from, name)
    if (!existsSync(path)) throw new JournalError(path, 'the backup lacks this file')
    if (statSync(path).size !== bytes || copy(path, join(dir, name), bytes) !== crc)
      throw new JournalError(path, 'the file is not as it was when it was backed up')
  }
  syncDirectory(dir)
  const replay = Replay.open(dir)
  if (replay === undefined) throw new JournalError(from, 'nothing is in this backup')
  while (replay.next());
  replay.close()
  return {
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    sequence: replay.sequence,
    commands: replay.commands,
    hash: replay.engine.stateHash(),
  }
}

/** How far a segment is whole. Each block is checked. */
function wholeBytes(path: string): number {
  const reader = new SegmentReader(path)
  try {
    while (reader.read() !== undefined);
    return reader.end(true).offset
  } finally {
    reader.close()
  }
}

function goodSnapshotBytes(path: string): number {
  const snapshot = readSnapshot(path)
  // One that is damaged is of no use to anyone; and one that has just been dropped is no loss.
  return 'message' in snapshot ? 0 : statSync(path).size
}

function readManifest(dir: string): Manifest | undefined {
  const path = join(dir, MANIFEST)
  if (!existsSync(path)) return undefined
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
    if (manifest.format === 1 && Array.isArray(manifest.files)) return manifest
  } catch {
    // Told below.
  }
  throw new JournalError(path, 'the list of the backup is damaged')
}

/** Copies the first bytes of a file and brings them to the disk. Returns their checksum. */
function copy(from: string, to: string, bytes: number): number {
  const draft = `${to}.tmp`
  try {
    const [source, target] = [openSync(from, 'r'), openSync(draft, 'w')]
    try {
      let at = 0
      const crc = eachChunk(source, bytes, (chunk) => {
        writeAll(target, chunk, at)
        at += chunk.length
      })
      fsyncSync(target)
      renameSync(draft, to)
      return crc
    } finally {
      closeSync(source)
      closeSync(target)
      rmSync(draft, { force: true })
    }
  } catch (error) {
    if (error instanceof JournalError) throw error
    throw new JournalError(to, `the file cannot be copied: ${systemMessage(error)}`)
  }
}

function crcOf(path: string, bytes: number): number {
  const file = openSync(path, 'r')
  try {
    return statSync(path).size === bytes ? eachChunk(file, bytes, () => {}) : -1
  } finally {
    closeSync(file)
  }
}

/** Hands the first bytes of a file over, piece by piece. Returns their checksum. */
function eachChunk(file: number, bytes: number, use: (chunk: Uint8Array) => void): number {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, bytes))
  let crc = 0
  for (let at = 0; at < bytes;) {
    const got = readSync(file, buffer, 0, Math.min(buffer.length, bytes - at), at)
    if (got === 0) throw new JournalError(String(file), 'a file became shorter while it was read')
    const chunk = buffer.subarray(0, got)
    crc = crc32(chunk, crc)
    use(chunk)
    at += got
  }
  return crc
}
