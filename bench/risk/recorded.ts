import { Observable } from 'rxjs'
import { Batch, BATCH_RECORDS, RECORD_WORDS } from '../../src/book/index.ts'
import { SEQUENCE, writeU64 } from '../../src/book/record.ts'

/** Recorded commands again, in batches of 1,024, numbered from 1. */
export function inBatches({ words, count }: Batch): Observable<Batch> {
  return new Observable((subscriber) => {
    const batch = new Batch()
    for (let from = 0; from < count; from += BATCH_RECORDS) {
      batch.count = Math.min(BATCH_RECORDS, count - from)
      batch.words.set(words.subarray(from * RECORD_WORDS, (from + batch.count) * RECORD_WORDS))
      for (let i = 0; i < batch.count; i++) writeU64(batch.words, i * RECORD_WORDS + SEQUENCE, from + i + 1)
      subscriber.next(batch)
    }
    subscriber.complete()
  })
}
