import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Definition } from '../pipeline/definition.ts'
import { Revisions } from '../pipeline/reload/revisions.ts'
import { SAVED, Supervisor } from '../pipeline/reload/supervisor.ts'
import { watchFiles } from '../pipeline/reload/watch-file.ts'
import type { Pipeline, RunOptions } from '../pipeline/runtime.ts'
import { prepareOnThreads } from '../pipeline/threads/threaded-pipeline.ts'
import { serveControl } from './control/server.ts'
import type { LoadOptions } from './load.ts'
import { loadRun, type PartOptions } from './run-definition.ts'
import { definitionSource } from './thread-definition.ts'

/** What is run to a report: a pipeline, or one after the other. */
export type Runs = Pick<Pipeline, 'market' | 'run' | 'abort'>

/** Runs that are over sooner say nothing of it. */
const TELL_SOCKET_MS = 250

export interface SuperviseOptions {
  /** Whether the file is taken up anew when it is saved. */
  readonly watch?: boolean
  /** Where revisions are kept. */
  readonly revisions?: string
  /** How long a reload is on trial, in seconds. */
  readonly trial?: number
  /** Whether another terminal can reach the process. */
  readonly control?: boolean
  readonly quiet?: boolean
}

export interface Supervised extends Runs {
  /** The pipeline of the moment, for who looks at it. */
  readonly live: Pipeline
  /** Nothing asks for a reload any more, and no other terminal reaches it. */
  readonly end: () => void
}

/** Whoever the process belongs to. */
export function thisUser(): string {
  return `user ${userInfo().username}`
}

/** Looks after a pipeline that is set up: reloads it on SIGHUP, on a saved file, and when another terminal asks for it. */
export async function supervise(
  definition: Definition,
  pipeline: Pipeline,
  file: string,
  options: SuperviseOptions & LoadOptions & PartOptions,
  run: RunOptions,
): Promise<Supervised> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const supervisor = new Supervisor(definition, pipeline, {
    file,
    load: () => loadRun(file, options),
    prepare: (next, given) => prepareOnThreads(next, definitionSource(file, options), given),
    run,
    revisions: new Revisions(file, options.revisions),
    watchMs: options.trial === undefined ? undefined : options.trial * 1e3,
    tell: say,
  })
  const ends: (() => void)[] = []
  if (options.watch === true) {
    supervisor.keep(thisUser())
    const files = [file, ...definition.document.labels.keys()].filter((name) => existsSync(name))
    ends.push(watchFiles(files, () => void supervisor.reload(thisUser(), SAVED)))
  }
  const onHangUp = (): void => void supervisor.reload(thisUser(), 'SIGHUP')
  process.on('SIGHUP', onHangUp)
  ends.push(() => process.off('SIGHUP', onHangUp))
  if (options.control !== false) {
    try {
      const control = await serveControl(file, supervisor)
      ends.push(control.close)
      if (options.quiet !== true) {
        const timer = setTimeout(() => say(`control: ${control.path}`), TELL_SOCKET_MS)
        ends.push(() => clearTimeout(timer))
      }
    } catch (error) {
      if (options.quiet !== true)
        say(`millrace: no other terminal can reach this run: ${(error as Error).message}`)
    }
  }
  return {
    live: supervisor.live,
    market: pipeline.market,
    run: () => supervisor.run(),
    abort: () => supervisor.pipeline.abort(),
    end: () => ends.forEach((end) => end()),
  }
}
