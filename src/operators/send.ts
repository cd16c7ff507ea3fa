import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OperatorFunction } from 'rxjs'
import { Batch } from '../book/index.ts'
import { checked, options, variant, type VariantOf } from '../pipeline/codec.ts'
import { fromStep } from '../pipeline/island.ts'
import type { Market } from '../pipeline/market.ts'
import type { Operator, StageProblem, Step, StepFailure } from '../pipeline/operator.ts'
import { jetStreamSenderOptions, openJetStreamSender } from './sinks/jetstream-sender.ts'
import { openShmSink, shmSinkOptions } from './sinks/shm-sink.ts'

const sinks = {
  /** A ring in a file that another process reads. */
  shm: shmSinkOptions.describe('A ring in a file that another process reads.'),
  /** A JetStream stream that another process reads. */
  jetstream: jetStreamSenderOptions,
}

/** Where commands go. */
export type SendTo = VariantOf<typeof sinks>

/** Commands leave the process here; what becomes of them is told elsewhere, so there are no events. */
class Send implements Step {
  readonly output: Batch
  readonly failed: Promise<StepFailure>
  private readonly sink: Step

  constructor(sink: Step) {
    this.output = new Batch(1)
    this.sink = sink
    this.failed = sink.failed ?? new Promise(() => {})
  }

  process(words: Int32Array, at: number): void {
    this.sink.process(words, at)
  }

  flush(): void {
    this.sink.flush?.()
  }

  report(): ReturnType<NonNullable<Step['report']>> {
    return this.sink.report!()
  }

  async close(): Promise<void> {
    await this.sink.close?.()
  }
}

function open(market: Market, to: SendTo): TE.TaskEither<StageProblem, Step> {
  if (to.jetstream !== undefined)
    return pipe(
      openJetStreamSender(market, to.jetstream),
      TE.map((sink) => new Send(sink)),
    )
  return pipe(
    openShmSink(market, 'command', to.shm),
    TE.map((sink) => new Send(sink)),
    TE.mapLeft((message) => ({ path: ['to', 'shm', 'file'], message })),
  )
}

/**
 * Hands commands on to another process, which takes them in with `ingest`. Gives no events.
 * @throws TypeError if `to` is not a SendTo
 */
export function send(market: Market, to: SendTo): OperatorFunction<Batch, Batch> {
  const given = checked(variant(sinks), to, 'send')
  return fromStep(async () => {
    const opened = await open(market, given)()
    if (opened._tag === 'Left') throw new Error(opened.left.message)
    return opened.right
  })
}

export const sendOperator: Operator<{ readonly to: SendTo }> = {
  name: 'send',
  description: 'Hands commands on to another process before they are matched.',
  options: options({ to: variant(sinks).describe('Where commands go.') }),
  consumes: 'command',
  produces: 'event',
  traits: () => ({ readsOnly: true, isIo: true, costNs: 15 }),
  create: ({ to }, { market }) => open(market, to),
}
