import { RECORD_WORDS } from '../book/record.ts'
import { encodeFrame, FrameFlag, FrameKind, type FrameReader } from './frame.ts'

/**
 * Credit, for senders that must lose nothing over core NATS or a WebSocket. A sender says hello with a credit frame of no
 * records, on the subject that it will send to: its source, and the number of the first record that it would send. Every receiver
 * answers on the reply subject of the hello with a credit frame of one record, and again as it makes progress:
 *
 *  byte
 *   0  next    u64  number of the next record expected, all before it have come; 0: the sender is not known, say hello
 *   8  limit   u64  number of the last record that may be sent; below `next`: none
 *  16  again   u32  1: something before what came last is missing, send again from `next`
 *
 * Its source is the receiver, its `firstSequence` is `next`. Data frames carry the flag `credited`, and as their reply
 * subject the one of the hello.
 */
export interface Credit {
  readonly receiver: bigint
  readonly next: number
  readonly limit: number
  readonly again: boolean
}

export function encodeCredit({ receiver, next, limit, again }: Credit): Uint8Array {
  const words = new Int32Array(RECORD_WORDS)
  const view = new DataView(words.buffer)
  view.setBigUint64(0, BigInt(next), true)
  view.setBigUint64(8, BigInt(limit), true)
  view.setUint32(16, again ? 1 : 0, true)
  return encodeFrame({ kind: FrameKind.credit, firstSequence: next, source: receiver }, words, 0, 1)
}

/** The credit in a frame of that kind that has been read; undefined if it is a hello. */
export function readCredit(bytes: Uint8Array, reader: FrameReader): Credit | undefined {
  if (reader.count !== 1) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + reader.recordsAt, 64)
  return {
    receiver: reader.source,
    next: Number(view.getBigUint64(0, true)),
    limit: Number(view.getBigUint64(8, true)),
    again: view.getUint32(16, true) === 1,
  }
}

export function encodeHello(sender: bigint, firstSequence: number): Uint8Array {
  const header = { kind: FrameKind.credit, flags: FrameFlag.credited, firstSequence, source: sender }
  return encodeFrame(header, new Int32Array(0), 0, 0)
}
