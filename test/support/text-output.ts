import type { PassThrough, Writable } from 'node:stream'
import { type Batch, RECORD_WORDS } from '../../src/book/index.ts'
import { type EventLines, openEventLines } from '../../src/operators/sinks/event-lines.ts'
import type { Market } from '../../src/pipeline/market.ts'

export async function opened(market: Market, file: string, stdout?: Writable): Promise<EventLines> {
  const result = await openEventLines(market, { file, stdout })()
  if (result._tag === 'Left') throw new Error(result.left)
  return result.right
}

/** Text that a stream was given, so far. */
export function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

export function parsed(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

/** All events of a batch, as an island hands them on. */
export function writeAll(sink: EventLines, events: Batch): void {
  for (let at = 0; at < events.count * RECORD_WORDS; at += RECORD_WORDS) sink.process(events.words, at)
  sink.flush()
}
