import * as E from 'fp-ts/lib/Either.js'
import type { Definition } from '../pipeline/definition.ts'
import type { PipelineError } from '../pipeline/problem.ts'
import { load, type LoadOptions } from './load.ts'
import { partOf } from './split.ts'

export interface PartOptions {
  /** Of which process the stages are to be run. */
  readonly process?: string
  /** Where processes meet. */
  readonly nats?: string
}

const DEFAULT_NATS = 'nats://127.0.0.1:4222'

/** What `run` runs of a file: all of it, or the part of one process. */
export async function loadRun(
  file: string,
  options: LoadOptions & PartOptions,
): Promise<E.Either<PipelineError, Definition>> {
  const whole = await load(file, options)()
  if (options.process === undefined || E.isLeft(whole)) return whole
  const { redact } = whole.right
  // A part is written out with the secrets put in: only the whole knows which they are.
  return E.map((part: Definition) => ({ ...part, redact }))(
    partOf(whole.right, options.process, options.nats ?? DEFAULT_NATS),
  )
}
