import * as dagre from '@dagrejs/dagre'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { get } from '../connection.ts'
import { count, duration, percent } from '../format.ts'
import { useChannel } from '../hooks.ts'
import type { EdgeStats, IslandStats, Plan, PipelineMessage } from '../protocol.ts'
import { PERCENTILES } from '../protocol.ts'

const NODE_WIDTH = 150
const NODE_HEIGHT = 64

/** What a stage's island did since the message before, as shares of the time. */
interface Shares {
  readonly busy: number
  readonly blocked: number
  readonly rate: number
}

interface Placed {
  readonly width: number
  readonly height: number
  readonly nodes: ReadonlyMap<string, { x: number; y: number }>
  readonly lines: readonly (readonly { x: number; y: number }[])[]
}

function place(plan: Plan): Placed {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 70, marginx: 12, marginy: 12 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of plan.stages) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  for (const { from, to } of plan.edges) graph.setEdge(from, to)
  dagre.layout(graph)
  const nodes = new Map(plan.stages.map(({ id }) => [id, graph.node(id) as { x: number; y: number }]))
  const lines = plan.edges.map(
    ({ from, to }) => (graph.edge(from, to) as { points: { x: number; y: number }[] }).points,
  )
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return { width, height, nodes, lines }
}

export function PipelinePanel(): JSX.Element {
  const [plan, setPlan] = useState<Plan | undefined>(undefined)
  const [problem, setProblem] = useState('')
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const message = useChannel<PipelineMessage>('pipeline')
  const before = useRef<PipelineMessage | undefined>(undefined)
  const shares = useRef<ReadonlyMap<string, Shares>>(new Map())
  useEffect(() => {
    get<Plan>('/api/pipeline').then(setPlan, (error: Error) => setProblem(error.message))
  }, [])
  if (message !== undefined && message !== before.current) {
    shares.current = sharesOf(before.current, message)
    before.current = message
  }
  const placed = useMemo(() => (plan === undefined ? undefined : place(plan)), [plan])
  if (plan === undefined || placed === undefined)
    return <p class="quiet">{problem === '' ? 'waiting' : problem}</p>
  return (
    <div class="fill column">
      <Cause message={message} />
      <div class="scroll grow" tabIndex={0}>
        <Graph
          plan={plan}
          placed={placed}
          message={message}
          shares={shares.current}
          chosen={chosen}
          choose={(id) => setChosen(id === chosen ? undefined : id)}
        />
        <Twin plan={plan} message={message} shares={shares.current} />
      </div>
      {chosen === undefined ? null : (
        <Drawer stage={chosen} plan={plan} message={message} close={() => setChosen(undefined)} />
      )}
    </div>
  )
}

function Cause({ message }: { message: PipelineMessage | undefined }): JSX.Element {
  const cause = message?.rootCause
  if (cause === undefined)
    return (
      <p class="status" role="status">
        {message === undefined ? 'waiting for figures' : 'nothing holds the pipeline back'}
      </p>
    )
  return (
    <p class="status alarm" role="status">
      <strong>Root cause: {cause.stages.join(', ')}</strong> ({cause.why}), in front of it {cause.edge} is
      full; held back: {cause.victims.join(', ')}
    </p>
  )
}

interface GraphProps {
  readonly plan: Plan
  readonly placed: Placed
  readonly message: PipelineMessage | undefined
  readonly shares: ReadonlyMap<string, Shares>
  readonly chosen: string | undefined
  readonly choose: (stage: string) => void
}

function Graph({ plan, placed, message, shares, chosen, choose }: GraphProps): JSX.Element {
  const edges = new Map((message?.stats?.edges ?? []).map((edge) => [edge.id, edge]))
  return (
    <svg
      role="img"
      aria-label="Stages and edges of the pipeline"
      viewBox={`0 0 ${placed.width} ${placed.height}`}
      style={{ width: '100%', maxWidth: placed.width * 1.4, minWidth: 320 }}
    >
      {plan.edges.map((edge, at) => (
        <EdgeLine
          key={`${edge.from}-${edge.to}`}
          points={placed.lines[at]!}
          stats={edge.edge === undefined ? undefined : edges.get(edge.edge)}
          isFused={edge.edge === undefined}
          blocked={edge.edge === undefined ? 0 : blockedBy(message, edge.edge)}
        />
      ))}
      {plan.stages.map(({ id, operator, island }) => (
        <StageNode
          key={id}
          id={id}
          operator={operator}
          at={placed.nodes.get(id)!}
          shares={shares.get(island)}
          isCause={message?.rootCause?.stages.includes(id) === true}
          isChosen={chosen === id}
          choose={() => choose(id)}
        />
      ))}
    </svg>
  )
}

function blockedBy(message: PipelineMessage | undefined, edge: string): number {
  const islands = message?.stats?.islands ?? []
  const elapsed = message?.stats?.elapsedNs ?? 1
  return Math.min(1, islands.reduce((sum, island) => sum + (island.blockedByNs[edge] ?? 0), 0) / elapsed)
}

interface EdgeProps {
  readonly points: readonly { x: number; y: number }[]
  readonly stats: EdgeStats | undefined
  readonly isFused: boolean
  readonly blocked: number
}

function EdgeLine({ points, stats, isFused, blocked }: EdgeProps): JSX.Element {
  const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x},${y}`).join(' ')
  const fill = stats === undefined ? 0 : stats.depth / stats.capacityRecords
  const middle = points[points.length >> 1]!
  const width = isFused ? 1.5 : 2 + fill * 8
  const tone = isFused ? 'fused' : blocked > 0.05 || fill > 0.95 ? 'blocked' : 'free'
  return (
    <g class={`edge ${tone}`}>
      <path d={path} stroke-width={width} fill="none" />
      {stats === undefined ? null : (
        <text x={middle.x} y={middle.y - 8} text-anchor="middle">
          {count(stats.depth)} / {count(stats.capacityRecords)}
        </text>
      )}
    </g>
  )
}

interface NodeProps {
  readonly id: string
  readonly operator: string
  readonly at: { x: number; y: number }
  readonly shares: Shares | undefined
  readonly isCause: boolean
  readonly isChosen: boolean
  readonly choose: () => void
}

function StageNode({ id, operator, at, shares, isCause, isChosen, choose }: NodeProps): JSX.Element {
  const [x, y] = [at.x - NODE_WIDTH / 2, at.y - NODE_HEIGHT / 2]
  const { busy = 0, blocked = 0, rate = 0 } = shares ?? {}
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === ' ') choose()
  }
  return (
    <g
      class={`stage${isCause ? ' cause' : ''}${isChosen ? ' chosen' : ''}`}
      role="button"
      tabIndex={0}
      onClick={choose}
      onKeyDown={onKey}
    >
      <rect class="box" x={x} y={y} width={NODE_WIDTH} height={NODE_HEIGHT} rx={6} />
      <rect class="busy" x={x} y={y + NODE_HEIGHT - 8} width={NODE_WIDTH * busy} height={8} />
      <rect
        class="held"
        x={x + NODE_WIDTH * busy}
        y={y + NODE_HEIGHT - 8}
        width={NODE_WIDTH * Math.min(blocked, 1 - busy)}
        height={8}
      />
      <text class="name" x={x + 10} y={y + 19}>
        {id}
      </text>
      <text class="small" x={x + NODE_WIDTH - 10} y={y + 19} text-anchor="end">
        {operator === id ? '' : operator}
      </text>
      <text class="small" x={x + 10} y={y + 37}>
        busy {percent(busy)} · blocked {percent(blocked)}
      </text>
      <text class="small" x={x + 10} y={y + 51}>
        {count(rate)}/s
      </text>
      {isCause ? (
        <text class="badge" x={x + NODE_WIDTH - 10} y={y + 51} text-anchor="end">
          ● root cause
        </text>
      ) : null}
    </g>
  )
}

function sharesOf(before: PipelineMessage | undefined, now: PipelineMessage): Map<string, Shares> {
  const shares = new Map<string, Shares>()
  const span = Math.max(1, (now.stats?.elapsedNs ?? 0) - (before?.stats?.elapsedNs ?? 0))
  const past = new Map((before?.stats?.islands ?? []).map((island) => [island.id, island]))
  for (const island of now.stats?.islands ?? []) {
    const was = past.get(island.id)
    const share = (of: (one: IslandStats) => number): number =>
      Math.min(1, Math.max(0, (of(island) - (was === undefined ? 0 : of(was))) / span))
    shares.set(island.id, {
      busy: share(({ busyNs }) => busyNs),
      blocked: share(({ blockedNs, heldNs }) => blockedNs + heldNs),
      rate: ((island.records - (was?.records ?? 0)) * 1e9) / span,
    })
  }
  return shares
}

interface TwinProps {
  readonly plan: Plan
  readonly message: PipelineMessage | undefined
  readonly shares: ReadonlyMap<string, Shares>
}

/** The same as a table, for who cannot or would rather not see the picture. */
function Twin({ plan, message, shares }: TwinProps): JSX.Element {
  return (
    <details>
      <summary>As a table</summary>
      <table>
        <thead>
          <tr>
            <th>stage</th>
            <th>island</th>
            <th class="number">busy</th>
            <th class="number">blocked</th>
            <th class="number">records/s</th>
          </tr>
        </thead>
        <tbody>
          {plan.stages.map(({ id, island }) => {
            const { busy = 0, blocked = 0, rate = 0 } = shares.get(island) ?? {}
            return (
              <tr key={id}>
                <td>{id}</td>
                <td>{island}</td>
                <td class="number">{percent(busy)}</td>
                <td class="number">{percent(blocked)}</td>
                <td class="number">{count(rate)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <EdgeTable edges={message?.stats?.edges ?? []} />
    </details>
  )
}

function EdgeTable({ edges }: { edges: readonly EdgeStats[] }): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          <th>edge</th>
          <th>when full</th>
          <th class="number">depth</th>
          <th class="number">high water</th>
          <th class="number">capacity</th>
          <th class="number">oldest</th>
          <th>drops</th>
        </tr>
      </thead>
      <tbody>
        {edges.map((edge) => (
          <tr key={edge.id}>
            <td>{edge.id}</td>
            <td>{edge.policy}</td>
            <td class="number">{count(edge.depth)}</td>
            <td class="number">{count(edge.highWater)}</td>
            <td class="number">{count(edge.capacityRecords)}</td>
            <td class="number">{duration(edge.oldestAgeNs)}</td>
            <td>{dropsOf(edge)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function dropsOf({ drops }: EdgeStats): string {
  const shown = Object.entries(drops).filter(([, dropped]) => dropped > 0)
  return shown.length === 0 ? 'none' : shown.map(([fate, dropped]) => `${fate} ${count(dropped)}`).join(', ')
}

interface DrawerProps {
  readonly stage: string
  readonly plan: Plan
  readonly message: PipelineMessage | undefined
  readonly close: () => void
}

function Drawer({ stage, plan, message, close }: DrawerProps): JSX.Element {
  const latency = message?.latencies.find(({ name }) => name === stage)
  const stats = message?.stats?.stages.find(({ id }) => id === stage)
  const budgets = (message?.stats?.budgets ?? []).filter((budget) => budget.stage === stage)
  const edges = (message?.stats?.edges ?? []).filter(({ from, to }) => from === stage || to === stage)
  const operator = plan.stages.find(({ id }) => id === stage)?.operator
  return (
    <section class="drawer" aria-label={`Stage ${stage}`}>
      <button class="close" onClick={close} aria-label="Close">
        ×
      </button>
      <h3>
        {stage} <span class="quiet">{operator}</span>
      </h3>
      <p>
        {latency === undefined || latency.samples === 0
          ? 'no record of it has been timed yet'
          : PERCENTILES.map((name, at) => `${name} ${duration(latency.percentilesNs[at]!)}`).join(' · ')}
      </p>
      {budgets.map((budget) => (
        <p key={budget.quantile} class={budget.isBreached ? 'alarm' : ''}>
          budget {budget.quantile}: {duration(budget.actualNs)} of {duration(budget.limitNs)}
        </p>
      ))}
      <p>
        breaker {stats?.breaker ?? 'none'} · failures {stats?.failures ?? 0} · dead letters{' '}
        {stats?.deadLettered ?? 0}
      </p>
      <EdgeTable edges={edges} />
    </section>
  )
}
