/** What newer servers can do that older ones lack, some of it ignored by those without an error. */
export const FEATURES = {
  subjectTransform: { since: '2.10.0', what: 'stream subject transforms' },
  severalFilters: { since: '2.10.0', what: 'several filter subjects of a consumer' },
  compression: { since: '2.10.0', what: 'stream compression' },
  replicas: { since: '2.10.27', what: 'safe replicas (older ones let two publishers win one race)' },
  messageTtl: { since: '2.11.0', what: 'a time to live of single messages' },
  consumerPause: { since: '2.11.0', what: 'pausing consumers' },
  atomicBatch: { since: '2.12.0', what: 'atomic batches' },
} as const
export type Feature = keyof typeof FEATURES

/** Whether a server of a version, such as `2.9.10` or `2.11.0-RC.1`, has a feature. */
export function hasFeature(version: string, feature: Feature): boolean {
  return compare(version, FEATURES[feature].since) >= 0
}

/** What to say where a feature is asked for and the server does not have it; undefined where it does. */
export function featureProblem(version: string, feature: Feature): string | undefined {
  if (hasFeature(version, feature)) return undefined
  const { since, what } = FEATURES[feature]
  return `nats-server ${version} does not have ${what}: it needs ${since} or later`
}

/** A release candidate counts as its release. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0)
    if (Number.isNaN(difference)) return -1
    if (difference !== 0) return difference
  }
  return 0
}
