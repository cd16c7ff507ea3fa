import { benchNats } from './nats.ts'
import { benchRedis } from './redis.ts'

const ROUNDS = 3

/** What NATS and Redis carry: real servers on loopback, processes of their own, every answer checked. */
export async function benchTransport(): Promise<Record<string, unknown>> {
  const redis = await benchRedis(ROUNDS)
  const { latency, rounds, cpuNsPerOrder, ...rates } = await benchNats(ROUNDS)
  return { ...rates, ...redis, latency, cpuNsPerOrder, rounds }
}
