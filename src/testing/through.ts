import { from, lastValueFrom, map, toArray, type Observable, type OperatorFunction } from 'rxjs'
import type { Batch } from '../book/index.ts'
import type { Market } from '../pipeline/market.ts'
import { commandObjects, commands, eventObjects, type OrderText, type RecordObject } from './records.ts'

/** Reads the batches of a stream as they come: as events, or as commands where no engine has matched them. */
export function observeRecords(market: Market, stream: Observable<Batch>): Observable<RecordObject[]> {
  return stream.pipe(map((batch) => recordsOf(market, batch)))
}

/**
 * The records of a batch: events where an engine has matched in this market, commands where none has. Read them before
 * the next batch comes.
 */
export function recordsOf(market: Market, batch: Batch): RecordObject[] {
  return market.engine === undefined ? commandObjects(market, batch) : eventObjects(market, batch)
}

/**
 * Sends orders through operators, a batch for each list, and gives the records that come out.
 *
 * ```ts
 * const events = await through(market, [[{ id: 1, symbol: 'A', side: 'buy', price: 1, quantity: 1 }]], validate(market), match(market))
 * ```
 */
export async function through(
  market: Market,
  batches: readonly (readonly OrderText[])[],
  ...operators: readonly OperatorFunction<Batch, Batch>[]
): Promise<RecordObject[]> {
  const source = from(batches).pipe(map((orders) => commands(market, orders)))
  const stream = operators.reduce<Observable<Batch>>((before, operator) => operator(before), source)
  const records = await lastValueFrom(observeRecords(market, stream).pipe(toArray()))
  return records.flat()
}
