import { existsSync, readdirSync } from 'node:fs'
import * as t from 'io-ts'
import { oneOf, options, text } from '../../pipeline/codec.ts'
import { apiDoor } from '../../operators/api/door.ts'
import { readDeadLetters } from '../../pipeline/fault/dead-letters.ts'
import { ANSWERS } from '../answers.ts'
import type { Observer } from '../observer.ts'
import { HttpProblem, unavailable } from '../problem.ts'
import { route, type Route } from '../route.ts'
import type { Served } from '../served.ts'

const second = new t.Type<number, number>(
  'seconds since 1970',
  (value): value is number => typeof value === 'number',
  (value, context) =>
    typeof value === 'string' && /^[0-9]{1,12}$/.test(value)
      ? t.success(Number(value))
      : t.failure(value, context),
  (value) => value,
)
const historyQuery = options(
  { gauge: text, from: second, to: second },
  { resolution: oneOf('second', 'minute') },
)
const compareQuery = options({ gauge: text, from1: second, to1: second, from2: second, to2: second })
const span = options({ from: second, to: second })

/** What a pipeline is and how it does. */
export function pipelineRoutes(served: Served, observer: Observer): Route[] {
  const history = (): NonNullable<Observer['history']> => {
    if (observer.history === undefined) throw unavailable('no history is kept: start with --history FILE')
    return observer.history
  }
  return [
    route({
      method: 'GET',
      path: '/api/pipeline',
      summary: 'Stages, islands and edges',
      tag: 'pipeline',
      role: 'viewer',
      answer: 'The plan.',
      schema: ANSWERS.plan,
      handle: () => ({ name: served.name, hasHistory: observer.history !== undefined, ...served.plan }),
    }),
    route({
      method: 'GET',
      path: '/api/stats',
      summary: 'What every island and edge has done, latencies, and the root cause of backpressure',
      tag: 'pipeline',
      role: 'viewer',
      answer: 'Counts and durations since the run began, and gauges of the last second.',
      schema: ANSWERS.stats,
      handle: () => statsOf(served, observer),
    }),
    route({
      method: 'GET',
      path: '/api/history/gauges',
      summary: 'Names of all gauges',
      tag: 'history',
      role: 'viewer',
      answer: 'Names.',
      schema: ANSWERS.names,
      handle: () =>
        observer.history === undefined ? Object.keys(observer.gauges).sort() : history().names(),
    }),
    route({
      method: 'GET',
      path: '/api/history',
      summary: 'A gauge over a span of time',
      tag: 'history',
      role: 'viewer',
      query: historyQuery,
      answer: 'Points: beginning, mean, least, most.',
      schema: ANSWERS.points,
      handle: ({ query: { gauge, from, to, resolution = to - from > 3_600 ? 'minute' : 'second' } }) =>
        history().points(gauge, from, to, resolution),
    }),
    route({
      method: 'GET',
      path: '/api/history/compare',
      summary: 'A gauge over two spans of time',
      tag: 'history',
      role: 'viewer',
      query: compareQuery,
      answer: 'Both summed up, and their ratio.',
      schema: ANSWERS.comparison,
      handle: ({ query }) =>
        history().compare(query.gauge, [query.from1, query.to1], [query.from2, query.to2]),
    }),
    route({
      method: 'GET',
      path: '/api/history/marks',
      summary: 'What happened: alerts, reloads, snapshots',
      tag: 'history',
      role: 'viewer',
      query: span,
      answer: 'Marks, oldest first.',
      schema: ANSWERS.marks,
      handle: ({ query }) => history().marks(query.from, query.to),
    }),
    route({
      method: 'GET',
      path: '/api/dead-letters',
      summary: 'Records that stages could not handle, and why',
      tag: 'pipeline',
      role: 'operator',
      answer: 'The latest thousand, oldest first.',
      schema: ANSWERS.deadLetters,
      handle: () => deadLettersOf(served.deadLettersDir),
    }),
    route({
      method: 'GET',
      path: '/api/alerts',
      summary: 'Where every alert rule stands, and what is worse than at this hour of other days',
      tag: 'alerts',
      role: 'viewer',
      answer: 'Alerts and degradations.',
      schema: ANSWERS.alerts,
      handle: () => ({ alerts: observer.alerts.list(), degraded: observer.degraded }),
    }),
  ]
}

/** Dead letters that are told of in one answer at the most, the latest. */
const MOST_LETTERS = 1_000

/** The latest records that stages could not handle, oldest first. */
function deadLettersOf(dir: string | undefined): readonly unknown[] {
  if (dir === undefined) throw unavailable('no dead letters are kept: add "deadLetters: { dir }" to the file')
  // The folder is made with the first of them.
  if (!existsSync(dir) || readdirSync(dir).length === 0) return []
  return readDeadLetters(dir)
    .flatMap(({ letters }) => letters)
    .slice(-MOST_LETTERS)
}

/** What a dashboard shows. */
export function statsOf(served: Served, observer: Observer): Record<string, unknown> {
  const stats = served.stats()
  return {
    at: Date.now(),
    commands: served.market.sequence,
    trades: served.market.engine?.trades ?? 0,
    liveOrders: served.market.engine?.liveOrders ?? 0,
    stats,
    rootCause: stats?.rootCause,
    latencies: served.latencies(),
    gauges: observer.gauges,
    alerts: observer.alerts.list(),
    degraded: observer.degraded,
  }
}

export function healthRoutes(served: Served, startedMs: number): Route[] {
  return [
    route({
      method: 'GET',
      path: '/health',
      summary: 'Whether the process answers',
      tag: 'health',
      role: 'viewer',
      answer: 'Always `ok`.',
      schema: ANSWERS.health,
      handle: () => ({ status: 'ok', upSeconds: Math.floor((performance.now() - startedMs) / 1e3) }),
    }),
    route({
      method: 'GET',
      path: '/ready',
      summary: 'Whether orders would be taken, and why not',
      tag: 'health',
      role: 'viewer',
      answer: '`ready`, or 503 with reasons.',
      schema: ANSWERS.ready,
      handle: () => {
        const reasons = unreadyReasons(served)
        if (reasons.length > 0) throw new HttpProblem(503, 'Not ready', reasons.join('; '))
        return { status: 'ready' }
      },
    }),
  ]
}

function unreadyReasons(served: Served): string[] {
  const reasons: string[] = []
  const stats = served.stats()
  if (served.market.engine === undefined) reasons.push('no engine in this process')
  if (!apiDoor(served.market).isAnswered) reasons.push('no stage takes orders from the API')
  for (const stage of stats?.stages ?? [])
    if (stage.breaker === 'open') reasons.push(`the breaker of ${stage.id} is open`)
  const cause = stats?.rootCause
  if (cause !== undefined) reasons.push(`${cause.stages.join(', ')} holds back ${cause.victims.join(', ')}`)
  return reasons
}
