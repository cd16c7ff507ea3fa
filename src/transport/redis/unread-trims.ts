import type { Redis } from 'ioredis'

/** A consumer group that lost entries: the cap took them before it had read them. */
export interface UnreadTrim {
  readonly stream: string
  readonly group: string
  /** Entries trimmed that the group had not read. */
  readonly entries: number
}

/**
 * Looks for groups that lost entries to the cap of a stream. The server counts what was ever added, what is there, and
 * what each group has read; where it does not know the last (after a deletion, or before version 7), ids are compared.
 */
export async function findUnreadTrims(redis: Redis, streams: Iterable<string>): Promise<UnreadTrim[]> {
  const found: UnreadTrim[] = []
  for (const stream of streams) {
    const groups = ((await redis.xinfo('GROUPS', stream).catch(() => [])) as unknown[]).map(asRecord)
    if (groups.length === 0) continue
    const info = asRecord(await redis.xinfo('STREAM', stream).catch(() => []))
    const [added, length] = [Number(info['entries-added']), Number(info['length'])]
    const first = (info['first-entry'] as [string] | null)?.[0]
    for (const group of groups) {
      // Of a group that has read nothing yet the server does not say so.
      const isNew = group['last-delivered-id'] === '0-0'
      const read = isNew ? 0 : group['entries-read']
      let entries = 0
      if (typeof read === 'number' && Number.isFinite(added)) entries = added - length - read
      else if (first !== undefined && isAfter(first, followerOf(String(group['last-delivered-id']))))
        entries = 1
      if (entries > 0) found.push({ stream, group: String(group['name']), entries })
    }
  }
  return found
}

/** The answer as a list of names and values, or as a map, as the newer protocol has it. */
function asRecord(answer: unknown): Record<string, unknown> {
  if (answer instanceof Map) return Object.fromEntries(answer) as Record<string, unknown>
  if (!Array.isArray(answer)) return answer as Record<string, unknown>
  const record: Record<string, unknown> = {}
  for (let i = 0; i + 1 < answer.length; i += 2) record[String(answer[i])] = answer[i + 1]
  return record
}

function followerOf(id: string): string {
  const [ms, n] = id.split('-')
  return `${ms}-${Number(n) + 1}`
}

function isAfter(a: string, b: string): boolean {
  const [left, right] = [a, b].map((id) => id.split('-').map(Number) as [number, number])
  return left![0] > right![0] || (left![0] === right![0] && left![1] > right![1])
}
