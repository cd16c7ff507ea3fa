// What runs on a thread of a pipeline: it has the definition made anew, sets up the stages that are placed here, and runs
// them between the rings that join it to the other threads.
import * as E from 'fp-ts/lib/Either.js'
import { parentPort, workerData } from 'node:worker_threads'
import type { Definition } from '../definition.ts'
import { Market } from '../market.ts'
import { planOf, type Plan } from '../plan/plan.ts'
import { preparePipeline, type Pipeline } from '../runtime.ts'
import { threadsOf } from './placements.ts'
import type { Answer, Order, ThreadData } from './protocol.ts'
import { writeText } from './shared-text.ts'
import { ThreadEnds } from './thread-ends.ts'

/** How often the others can see how this thread is doing. */
const STATS_MS = 200

const data = workerData as ThreadData
const stop = new AbortController()

const prepared = await prepare()
if (prepared !== undefined) {
  const { pipeline, ends } = prepared
  parentPort!.on('message', (order: Order) => {
    if (order.tell === 'run') void run(pipeline, ends)
    else if (order.tell === 'stop') stop.abort()
    else {
      ends.close()
      parentPort!.close()
    }
  })
  tell({ tell: 'ready', stdoutTaken: pipeline.market.stdoutTaken })
}

function tell(answer: Answer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(answer)
}

async function prepare(): Promise<{ pipeline: Pipeline; ends: ThreadEnds } | undefined> {
  const { thread, source, planned, edges, bells, feed, options } = data
  const { definitionFor } = (await import(source.module)) as {
    definitionFor: (args: unknown) => Promise<Definition>
  }
  const definition = await definitionFor(source.args)
  const plan = planOf(definition)
  const ids = plan.edges.map(({ id }) => id)
  if (ids.length !== planned.length || ids.some((id, index) => id !== planned[index])) {
    const message = `the file was changed while the thread ${thread} was set up`
    tell({ tell: 'problems', problems: [definition.problemAt(plan.islands[0]!.id, [], message)] })
    return undefined
  }
  const market = new Market(definition.instruments, { defaultInstrument: definition.defaultInstrument })
  const ends = new ThreadEnds({ thread, threadOf: threadsOf(plan), edges, bells, feeds: [feed], market })
  const made = await preparePipeline(definition, {
    ...options,
    ...ends.runOptions(),
    stop: stop.signal,
    onWarning: (message) => tell({ tell: 'warning', message }),
  })()
  if (E.isLeft(made)) {
    tell({ tell: 'problems', problems: made.left.problems })
    return undefined
  }
  if (market.clients.count > 0 || market.groups.count > 0) {
    // Numbers are given out on the main thread alone; one given out here would be another's there.
    const message = 'names clients or groups in its options, which a stage on the main thread can do'
    await made.right.abort()
    tell({
      tell: 'problems',
      problems: [definition.problemAt(stageOn(plan, thread), ['placement'], message)],
    })
    return undefined
  }
  return { pipeline: made.right, ends }
}

/** The first stage of a thread. */
function stageOn(plan: Plan, thread: string): string {
  return plan.islands.find(({ placement }) => placement?.thread === thread)!.stages[0]!.stage.id
}

async function run(pipeline: Pipeline, ends: ThreadEnds): Promise<void> {
  const show = (): void => writeText(data.stats, JSON.stringify(pipeline.stats()))
  const showing = setInterval(show, STATS_MS)
  ends.listen()
  try {
    const report = await pipeline.run()
    show()
    tell({ tell: 'report', report })
  } catch (error) {
    await ends.abort()
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
    tell({ tell: 'failed', message, stack })
  } finally {
    clearInterval(showing)
  }
}
