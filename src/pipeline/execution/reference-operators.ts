import { concatMap, filter, finalize, from, map, mergeMap, Observable, type OperatorFunction } from 'rxjs'
import { Batch, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { GuardedStep } from '../fault/guarded-step.ts'
import type { StageFaults } from '../fault/stage-faults.ts'
import type { AsyncStep, RecordKind, Step } from '../operator.ts'
import { TimeoutError } from './async-task.ts'

const { INSTRUMENT, readU64, SEQUENCE } = record

/**
 * What stages and edges do, as plain RxJS operators, each on its own and in the most obvious way: nothing is fused,
 * nothing is queued, every batch has one record. The fused back end is held against them.
 */

/** Each record in a batch of its own, and a copy: what later happens to one is seen by nobody else. */
export function singly(): OperatorFunction<Batch, Batch> {
  return mergeMap((batch) => Array.from({ length: batch.count }, (_, index) => recordOf(batch, index)))
}

function recordOf({ words }: Batch, index: number): Batch {
  const single = new Batch(1)
  single.words.set(words.subarray(index * RECORD_WORDS, (index + 1) * RECORD_WORDS))
  single.count = 1
  return single
}

/** A stage over batches of one record. What it makes of a record comes out before the next one goes in. */
export function stageOperator(step: Step): OperatorFunction<Batch, Batch> {
  return (source) =>
    source.pipe(
      map((batch) => {
        if (step.output !== undefined) step.output.count = 0
        step.process(batch.words, 0)
        step.commit?.()
        step.flush?.()
        return step instanceof GuardedStep && !step.isAlive ? new Batch(1) : (step.output ?? batch)
      }),
      singly(),
    )
}

/** A stage that waits: one batch after the other, in order. */
export function asyncStageOperator(
  step: AsyncStep,
  faults: StageFaults,
  timeoutMs: number,
  watch: { readonly begin: () => void; readonly end: () => void } = { begin: () => {}, end: () => {} },
): OperatorFunction<Batch, Batch> {
  const handle = async (batch: Batch): Promise<Batch> => {
    const made = step.output ?? batch
    if (!faults.breaker.allows()) {
      if (step.output !== undefined) step.output.count = 0
      for (let i = 0; i < batch.count; i++) faults.fallBack(batch.words, i * RECORD_WORDS)
      return made
    }
    if (step.output !== undefined) step.output.count = 0
    try {
      await inTime(step, batch, timeoutMs)
    } catch (error) {
      for (let i = 0; i < batch.count; i++) faults.counted(error, batch.words, i * RECORD_WORDS)
      faults.afterFailure(error)
      return new Batch(1)
    }
    faults.breaker.succeeded()
    return made
  }
  return (source) =>
    source.pipe(
      map((batch) => {
        watch.begin()
        return batch
      }),
      concatMap((batch) => from(handle(batch)).pipe(singly(), finalize(watch.end))),
    )
}

async function inTime(step: AsyncStep, batch: Batch, timeoutMs: number): Promise<void> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(timeoutMs))
      abort.abort()
    }, timeoutMs)
  })
  try {
    await Promise.race([step.processAsync(batch, abort.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

/** The records that one worker of a partition gets. */
export function workerOperator(
  worker: number,
  workers: number,
  kind: RecordKind,
): OperatorFunction<Batch, Batch> {
  return filter(({ words }) => {
    const instrument = words[INSTRUMENT]!
    if (instrument >= 0) return instrument % workers === worker
    return kind === 'command' || worker === 0
  })
}

/**
 * Brings streams of one source together by sequence; of one sequence, in the order of the streams. Records wait until
 * one of a higher sequence comes or, where someone knows when all of a sequence are there, until they are asked for.
 * @param register is given a function that lets go what waits, and says whether anything did
 */
export function mergeInSequence(
  streams: readonly Observable<Batch>[],
  pick: (group: readonly (readonly Batch[])[]) => readonly Batch[] = (group) => group.flat(),
  register?: (flush: () => boolean) => void,
): Observable<Batch> {
  return new Observable((subscriber) => {
    let sequence = -1
    let group: Batch[][] = streams.map(() => [])
    let open = streams.length
    const flush = (): boolean => {
      const batches = pick(group)
      group = streams.map(() => [])
      for (const batch of batches) subscriber.next(batch)
      return batches.length > 0
    }
    register?.(flush)
    for (const [place, stream] of streams.entries())
      subscriber.add(
        stream.subscribe({
          next: (batch) => {
            const own = readU64(batch.words, SEQUENCE)
            if (register === undefined && own > sequence) {
              flush()
              sequence = own
            }
            group[place]!.push(batch)
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            if (--open > 0) return
            flush()
            subscriber.complete()
          },
        }),
      )
  })
}
