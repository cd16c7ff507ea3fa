import test from 'ava'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { crc32, tableCrc32 } from '../../src/transport/crc32.ts'
import { FrameBuilder } from '../../src/transport/frame-builder.ts'
import {
  encodeFrame,
  FRAME_MAGIC,
  FrameKind,
  FrameReader,
  recordsOf,
  sealFrame,
} from '../../src/transport/frame.ts'
import { FrameInbox } from '../../src/transport/frame-inbox.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { anyRecords } from '../support/streams.ts'

const HEADER = { kind: FrameKind.commands, firstSequence: 7, source: 0x0102_0304_0506_0708n, sentNs: 5n }

/** Puts a good checksum on a frame that has been changed, so that the change itself is looked at. */
function resealed(frame: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = frame.slice()
  const view = new DataView(copy.buffer)
  change(view)
  view.setUint32(60, crc32(copy.subarray(64), crc32(copy.subarray(0, 60))), true)
  return copy
}

test('crc32 - both ways give what zlib gives', (t) => {
  const bytes = new TextEncoder().encode('123456789')
  t.is(crc32(bytes), 0xcbf4_3926)
  t.is(tableCrc32(bytes), 0xcbf4_3926)
  t.is(tableCrc32(bytes.subarray(4), tableCrc32(bytes.subarray(0, 4))), 0xcbf4_3926)
})

test('frame - what is written is read, wherever the bytes begin', (t) => {
  const { words } = anyRecords(3)
  const header = { ...HEADER, cause: 2 ** 53 - 1, causeIndex: 4, bookChecksum: 0xffff_ffff, flags: 4 }
  const frame = encodeFrame(header, words, 0, 3)
  for (const offset of [0, 1, 3, 8]) {
    const shifted = new Uint8Array(frame.length + offset)
    shifted.set(frame, offset)
    const reader = new FrameReader()
    t.is(reader.read(shifted.subarray(offset)), undefined)
    t.like(reader, { ...header, count: 3 })
    t.deepEqual(recordsOf(shifted.subarray(offset), reader), words)
  }
})

test('frame - frames stand one behind the other, as in a file', (t) => {
  const { words } = anyRecords(3)
  const frames = [encodeFrame(HEADER, words, 0, 1), encodeFrame({ ...HEADER, firstSequence: 8 }, words, 1, 3)]
  const bytes = Buffer.concat(frames)
  const reader = new FrameReader()
  t.is(reader.read(bytes, 0), undefined)
  t.is(reader.read(bytes, reader.end), undefined)
  t.is(reader.firstSequence, 8)
  t.is(reader.end, bytes.length)
  t.is(reader.read(bytes), 'length', 'as a message there is one')
})

test('frame - a later revision with a longer header is read, another version is not', (t) => {
  const { words } = anyRecords(2)
  const frame = encodeFrame(HEADER, words, 0, 2)
  const longer = new Uint8Array(frame.length + 16)
  longer.set(frame.subarray(0, 64))
  longer.set(frame.subarray(64), 80)
  const reader = new FrameReader()
  const later = resealed(longer, (view) => {
    view.setUint8(5, 9)
    view.setUint16(8, 80, true)
  })
  t.is(reader.read(later), undefined)
  t.deepEqual(recordsOf(later, reader), words)
  for (const version of [0, 2, 255])
    t.is(reader.read(resealed(frame, (view) => view.setUint8(4, version))), 'version')
})

test('frame - everything that is wrong has a name', (t) => {
  const frame = encodeFrame(HEADER, anyRecords(2).words, 0, 2)
  const reader = new FrameReader()
  const fault = (change: (view: DataView) => void): string | undefined => reader.read(resealed(frame, change))
  t.is(reader.read(frame.subarray(0, 63)), 'short')
  t.is(reader.read(new Uint8Array(0)), 'short')
  t.is(reader.read(frame.subarray(0, 128)), 'length')
  t.is(
    fault((view) => view.setUint32(0, FRAME_MAGIC + 1, true)),
    'magic',
  )
  t.is(
    fault((view) => view.setUint8(6, 0)),
    'kind',
  )
  t.is(
    fault((view) => view.setUint8(6, 5)),
    'kind',
  )
  t.is(
    fault((view) => view.setUint8(7, 16)),
    'flags',
  )
  t.is(
    fault((view) => view.setUint8(7, 8)),
    undefined,
    'a flag that may be passed over',
  )
  t.is(
    fault((view) => view.setUint16(8, 68, true)),
    'header',
  )
  t.is(
    fault((view) => view.setUint16(10, 128, true)),
    'header',
  )
  t.is(
    fault((view) => view.setUint32(12, 3, true)),
    'length',
  )
  t.is(
    fault((view) => view.setUint32(12, 0xffff_ffff, true)),
    'length',
  )
  t.is(
    fault((view) => view.setUint32(20, 0xffff_ffff, true)),
    'header',
  )
  const damaged = frame.slice()
  damaged[100]! ^= 1
  t.is(reader.read(damaged), 'checksum')
})

test('frame - a builder hands over full frames and keeps what it fills anew apart', (t) => {
  const { words } = anyRecords(5)
  const builder = new FrameBuilder(4)
  const frames: Uint8Array[] = []
  for (let i = 0; i < 5; i++) {
    if (builder.isFull) frames.push(builder.take(HEADER))
    builder.push(words, i * RECORD_WORDS)
  }
  frames.push(builder.take(HEADER))
  const reader = new FrameReader()
  const read = frames.flatMap((frame) => {
    t.is(reader.read(frame), undefined)
    return [...recordsOf(frame, reader)]
  })
  t.deepEqual(read, [...words])
})

test('frame - 100,000 mutated frames are each refused or whole, and every bad one is counted', (t) => {
  const random = new Random(7)
  const good = [0, 1, 2, 17].map((count) =>
    encodeFrame(HEADER, anyRecords(Math.max(1, count)).words, 0, count),
  )
  const inbox = new FrameInbox(FrameKind.commands)
  let [opened, refused] = [0, 0]
  for (let i = 0; i < 100_000; i++) {
    const original = good[i % good.length]!
    let frame = original.slice()
    const way = random.below(4)
    if (way === 0) frame = frame.subarray(0, random.below(frame.length + 1))
    else if (way === 1) frame = Buffer.concat([frame, original.subarray(0, 1 + random.below(64))])
    else for (let hits = 0; hits <= way; hits++) frame[random.below(frame.length)]! ^= 1 << random.below(8)
    if (inbox.open(frame)) {
      opened++
      t.deepEqual(Buffer.from(frame), Buffer.from(original), 'only what has come through unchanged is opened')
    } else refused++
  }
  t.is(inbox.counts.badFrames, refused)
  t.true(refused > 90_000)
  t.is(opened + refused, 100_000)
  t.is(inbox.counts.setAside.length, 16)
})

test('frame - a seal covers every byte of header and records', (t) => {
  const frame = encodeFrame(HEADER, anyRecords(1).words, 0, 1)
  const reader = new FrameReader()
  for (let at = 0; at < frame.length; at++) {
    frame[at]! ^= 0x80
    t.not(reader.read(frame), undefined, `byte ${at}`)
    frame[at]! ^= 0x80
  }
  sealFrame(frame, HEADER)
  t.is(reader.read(frame), undefined)
})
