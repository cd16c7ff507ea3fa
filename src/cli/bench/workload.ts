import * as E from 'fp-ts/lib/Either.js'
import {
  Batch,
  BATCH_RECORDS,
  cancelOrder,
  Instruments,
  MAX_LOTS,
  newOrder,
  OrderType,
  pushCommand,
  type Command,
} from '../../book/index.ts'

/**
 * A workload file, little-endian: a header, then `prefill` records that fill the book, then `events` that are measured.
 *
 * Header                              Record
 *
 *  byte                                byte
 *   0  magic     char[8] 'LOBW0001'     0  op          u8   0 limit, 1 cancel, 2 market
 *   8  version   u32     1              1  side        u8   0 buy, 1 sell
 *  12  prefill   u32     records        2  instrument  u16  0 where there is one
 *  16  events    u32     records        4  id          u32  from 1; in a cancel, of the order
 *  20  maxId     u32                    8  priceTicks  i32  of a limit order
 *  24  minPrice  i32     ticks         12  lots        u32  of an order
 *  28  maxPrice  i32     ticks
 */
export const HEADER_BYTES = 32
export const WORKLOAD_RECORD_BYTES = 16

export const Op = { limit: 0, cancel: 1, market: 2 } as const

const MAGIC = 'LOBW0001'
const VERSION = 1
const VERSION_AT = 8
const PREFILL_AT = 12
const EVENTS_AT = 16
const MAX_ID_AT = 20
const MIN_PRICE_AT = 24
const MAX_PRICE_AT = 28

const SIDE = 1
const INSTRUMENT = 2
const ID = 4
const PRICE_TICKS = 8
const LOTS = 12

/** One record of a workload, as an object: for set-up, not for the hot path. */
export interface WorkloadRecord {
  /** An Op. */
  readonly op: number
  /** A Side. */
  readonly side: number
  readonly instrument: number
  readonly id: number
  readonly priceTicks: number
  readonly lots: number
}

/** The bytes of a whole file, known to be good. */
export interface Workload {
  readonly prefill: number
  readonly events: number
  /** Instruments that its records name: 1 and the highest. */
  readonly instruments: number
  readonly bytes: Uint8Array
}

/** What is wrong with a file, and where: the byte, and the record if it is in one, counted from 0 with the prefill. */
export interface WorkloadError {
  readonly _tag: 'WorkloadError'
  readonly byte: number
  readonly record?: number
  readonly message: string
}

/** Checks the bytes of a file. Nothing is copied: the bytes belong to the workload from here on. */
export function decodeWorkload(bytes: Uint8Array): E.Either<WorkloadError, Workload> {
  const view = viewOf(bytes)
  const magic = Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1')
  if (magic !== MAGIC)
    return wrong(0, `begins with ${JSON.stringify(magic)}, not ${JSON.stringify(MAGIC)}: no workload file`)
  if (bytes.length < HEADER_BYTES)
    return wrong(bytes.length, `ends inside its header of ${HEADER_BYTES} bytes`)
  const version = view.getUint32(VERSION_AT, true)
  if (version !== VERSION) return wrong(VERSION_AT, `version ${version}: expected ${VERSION}`)
  const prefill = view.getUint32(PREFILL_AT, true)
  const events = view.getUint32(EVENTS_AT, true)
  if (events === 0) return wrong(EVENTS_AT, 'has no events to measure')
  const count = prefill + events
  const whole = Math.floor((bytes.length - HEADER_BYTES) / WORKLOAD_RECORD_BYTES)
  if (whole < count) return wrong(bytes.length, `the file ends here, its header says ${count} records`, whole)
  const end = HEADER_BYTES + count * WORKLOAD_RECORD_BYTES
  if (bytes.length > end) return wrong(end, `goes on behind its ${count} records`)
  let instruments = 1
  for (let record = 0; record < count; record++) {
    const at = HEADER_BYTES + record * WORKLOAD_RECORD_BYTES
    const fault = recordFault(view, at)
    if (fault !== undefined) return wrong(at + fault.at, fault.message, record)
    instruments = Math.max(instruments, view.getUint16(at + INSTRUMENT, true) + 1)
  }
  return E.right({ prefill, events, instruments, bytes })
}

/** `FILE: record 17 (byte 304): op 9: expected ...` */
export function formatWorkloadError(file: string, { byte, record, message }: WorkloadError): string {
  return `${file}: ${record === undefined ? `byte ${byte}` : `record ${record} (byte ${byte})`}: ${message}`
}

/** The bytes of a file with these records; the first `prefill` of them fill the book. */
export function encodeWorkload(records: readonly WorkloadRecord[], prefill: number): Workload {
  const bytes = new Uint8Array(HEADER_BYTES + records.length * WORKLOAD_RECORD_BYTES)
  const view = viewOf(bytes)
  let maxId = 0
  let minPrice = 2_147_483_647
  let maxPrice = 0
  let instruments = 1
  for (const [i, { op, side, instrument, id, priceTicks, lots }] of records.entries()) {
    const at = HEADER_BYTES + i * WORKLOAD_RECORD_BYTES
    view.setUint8(at, op)
    view.setUint8(at + SIDE, side)
    view.setUint16(at + INSTRUMENT, instrument, true)
    view.setUint32(at + ID, id, true)
    view.setInt32(at + PRICE_TICKS, priceTicks, true)
    view.setUint32(at + LOTS, lots, true)
    maxId = Math.max(maxId, id)
    instruments = Math.max(instruments, instrument + 1)
    if (op !== Op.limit) continue
    minPrice = Math.min(minPrice, priceTicks)
    maxPrice = Math.max(maxPrice, priceTicks)
  }
  bytes.set(Buffer.from(MAGIC, 'latin1'))
  view.setUint32(VERSION_AT, VERSION, true)
  view.setUint32(PREFILL_AT, prefill, true)
  view.setUint32(EVENTS_AT, records.length - prefill, true)
  view.setUint32(MAX_ID_AT, maxId, true)
  view.setInt32(MIN_PRICE_AT, Math.min(minPrice, maxPrice), true)
  view.setInt32(MAX_PRICE_AT, maxPrice, true)
  return { prefill, events: records.length - prefill, instruments, bytes }
}

/** The records from one on up to, and not including, another. */
export function* readRecords({ bytes }: Workload, from: number, to: number): Generator<WorkloadRecord> {
  const view = viewOf(bytes)
  for (let record = from; record < to; record++) {
    const at = HEADER_BYTES + record * WORKLOAD_RECORD_BYTES
    yield {
      op: view.getUint8(at),
      side: view.getUint8(at + SIDE),
      instrument: view.getUint16(at + INSTRUMENT, true),
      id: view.getUint32(at + ID, true),
      priceTicks: view.getInt32(at + PRICE_TICKS, true),
      lots: view.getUint32(at + LOTS, true),
    }
  }
}

/** What a record asks of the engine. All orders are those of client 1. */
export function recordCommand({ op, side, instrument, id, priceTicks, lots }: WorkloadRecord): Command {
  if (op === Op.cancel) return { ...cancelOrder(id, 1), instrument }
  if (op === Op.limit) return newOrder({ orderId: id, instrument, side, priceTicks, lots })
  return newOrder({ orderId: id, instrument, side, orderType: OrderType.market, lots })
}

/** Records as the engine's commands, in batches as a pipeline has them. Their sequence numbers begin with `from` + 1. */
export function workloadBatches(workload: Workload, from: number, to: number): Batch[] {
  const batches: Batch[] = []
  let batch: Batch | undefined
  let sequence = from
  for (const record of readRecords(workload, from, to)) {
    if (batch === undefined || batch.count === batch.capacity) {
      batch = new Batch(Math.min(BATCH_RECORDS, to - sequence))
      batches.push(batch)
    }
    pushCommand(batch, { ...recordCommand(record), sequence: ++sequence })
  }
  return batches
}

/** Instruments for a workload: one tick is 1, and so is one lot; every quantity that a record holds is allowed. */
export function workloadInstruments(count = 1): Instruments {
  const terms = { tick: '1', lot: '1', maxQuantity: String(MAX_LOTS) }
  return new Instruments(Array.from({ length: count }, (_, i) => ({ symbol: `BENCH${i}`, ...terms })))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function wrong(byte: number, message: string, record?: number): E.Either<WorkloadError, never> {
  return E.left({ _tag: 'WorkloadError', byte, message, ...(record === undefined ? {} : { record }) })
}

function recordFault(view: DataView, at: number): { at: number; message: string } | undefined {
  const op = view.getUint8(at)
  if (op > Op.market)
    return { at: 0, message: `op ${op}: expected 0 for a limit order, 1 for a cancel, 2 for a market order` }
  const side = view.getUint8(at + SIDE)
  if (side > 1) return { at: SIDE, message: `side ${side}: expected 0 for buy, 1 for sell` }
  if (view.getUint32(at + ID, true) === 0) return { at: ID, message: 'id 0: ids begin with 1' }
  if (op === Op.cancel) return undefined
  const price = view.getInt32(at + PRICE_TICKS, true)
  if (op === Op.limit && price < 1)
    return { at: PRICE_TICKS, message: `price ${price}: expected 1 tick or more` }
  const lots = view.getUint32(at + LOTS, true)
  if (lots < 1 || lots > MAX_LOTS)
    return { at: LOTS, message: `lots ${lots}: expected a number from 1 to ${MAX_LOTS}` }
  return undefined
}
