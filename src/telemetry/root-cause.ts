import type { IslandStats, PipelineStats, RootCause } from './pipeline-stats.ts'

type Measured = Pick<PipelineStats, 'islands' | 'edges'>

/** An island counts as blocked when it was so for this share of the time looked at. */
const BLOCKED_SHARE = 0.05

/**
 * Who holds a pipeline up: from each blocked island along the edge that blocked it most, until an island that is not
 * blocked itself. Of several, the one whose victim was blocked longest. Undefined where nobody is blocked.
 */
export function rootCause({ islands, edges }: Measured): RootCause | undefined {
  const byId = new Map(islands.map((island) => [island.id, island]))
  const targets = new Map(edges.map(({ id, toIsland }) => [id, toIsland]))
  let worst: RootCause | undefined
  for (const first of islands) {
    const edge = blockingEdge(first)
    if (edge === undefined) continue
    const found = follow(first, byId, targets)
    if (found !== undefined && found.blockedNs > (worst?.blockedNs ?? 0)) worst = found
  }
  return worst === undefined ? undefined : { ...worst, victims: victimsOf(worst.island, islands, targets) }
}

function follow(
  first: IslandStats,
  byId: ReadonlyMap<string, IslandStats>,
  targets: ReadonlyMap<string, string>,
): RootCause | undefined {
  const seen = new Set<string>()
  let island = first
  for (;;) {
    const edge = blockingEdge(island)
    const next = edge === undefined ? undefined : byId.get(targets.get(edge) ?? '')
    if (edge === undefined || next === undefined || seen.has(next.id)) return undefined
    seen.add(next.id)
    if (blockingEdge(next) === undefined)
      return {
        island: next.id,
        stages: next.stages,
        edge,
        why: whyOf(next),
        victims: [],
        blockedNs: island.blockedByNs[edge]!,
      }
    island = next
  }
}

/** The edge that an island was blocked by most, if it was blocked for a share of its time that counts. */
function blockingEdge(island: IslandStats): string | undefined {
  const { busyNs, idleNs, readyNs, heldNs, waitingNs, blockedNs } = island
  const all = busyNs + idleNs + readyNs + heldNs + waitingNs + blockedNs
  if (blockedNs <= 0 || blockedNs < all * BLOCKED_SHARE) return undefined
  let worst: string | undefined
  for (const [edge, ns] of Object.entries(island.blockedByNs))
    if (ns > (worst === undefined ? 0 : island.blockedByNs[worst]!)) worst = edge
  return worst
}

function whyOf({ busyNs, heldNs, waitingNs }: IslandStats): RootCause['why'] {
  const most = Math.max(busyNs, heldNs, waitingNs)
  if (most === 0) return 'idle'
  return most === heldNs ? 'held' : most === waitingNs ? 'waiting' : 'busy'
}

/** Islands that are blocked, and whose chain ends at a cause: nearest first. */
function victimsOf(
  cause: string,
  islands: readonly IslandStats[],
  targets: ReadonlyMap<string, string>,
): string[] {
  const victims: string[] = []
  let ring = new Set([cause])
  while (ring.size > 0) {
    const next = new Set<string>()
    for (const island of islands) {
      const edge = blockingEdge(island)
      if (edge === undefined || victims.includes(island.id) || island.id === cause) continue
      if (ring.has(targets.get(edge) ?? '')) next.add(island.id)
    }
    victims.push(...next)
    ring = next
  }
  return victims
}

/** What happened between two looks at the same pipeline: for rates, and for who holds it up now. */
export function since(before: PipelineStats, now: PipelineStats): PipelineStats {
  const islands = now.islands.map((island) => {
    const old = before.islands.find(({ id }) => id === island.id)
    return old === undefined ? island : islandSince(old, island)
  })
  const edges = now.edges.map((edge) => {
    const old = before.edges.find(({ id }) => id === edge.id)
    if (old === undefined) return edge
    const drops = Object.fromEntries(
      Object.entries(edge.drops).map(([name, count]) => [name, count - (old.drops[name] ?? 0)]),
    )
    return { ...edge, offered: edge.offered - old.offered, read: edge.read - old.read, drops }
  })
  return {
    ...now,
    elapsedNs: now.elapsedNs - before.elapsedNs,
    commands: now.commands - before.commands,
    deadLettered: now.deadLettered - before.deadLettered,
    islands,
    edges,
    rootCause: rootCause({ islands, edges }),
  }
}

function islandSince(old: IslandStats, now: IslandStats): IslandStats {
  return {
    ...now,
    records: now.records - old.records,
    batches: now.batches - old.batches,
    busyNs: now.busyNs - old.busyNs,
    idleNs: now.idleNs - old.idleNs,
    readyNs: now.readyNs - old.readyNs,
    heldNs: now.heldNs - old.heldNs,
    waitingNs: now.waitingNs - old.waitingNs,
    blockedNs: now.blockedNs - old.blockedNs,
    blockedByNs: Object.fromEntries(
      Object.entries(now.blockedByNs).map(([edge, ns]) => [edge, ns - (old.blockedByNs[edge] ?? 0)]),
    ),
  }
}
