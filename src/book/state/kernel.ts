import type { GrowingMemory } from '../../memory/arena.ts'
import { KERNEL_CODE } from './kernel-code.ts'

/** The part of WebAssembly's interface that is used here; TypeScript has it only among the browser's types. */
interface CompiledModule {
  readonly isCompiled?: true
}
declare const WebAssembly: {
  Module: new (code: Uint8Array) => CompiledModule
  Instance: new (
    module: CompiledModule,
    imports: { env: { memory: GrowingMemory }; host: KernelHost },
  ) => { readonly exports: unknown }
}

/** What the kernel does, see ../kernel/kernel.ts. Addresses are words of the heap. */
export interface Kernel {
  /**
   * Applies command records as long as they need nothing but matching.
   * @returns how many are done; BEGUN_BIT too if the next one has begun and is to be gone on with
   */
  readonly applyRun: (from: number, count: number) => number
  /**
   * Applies one command record, whose first event goes to the word `eventsTop`.
   * @returns where the next event goes; 0 if the command needs care and nothing is done, -1 if it has begun
   */
  readonly applyOne: (from: number, eventsTop: number) => number
  /** The slot of a live order, or NONE. */
  readonly find: (idLow: number, idHigh: number) => number
  /** Puts an order into the id index, and takes it out. */
  readonly insert: (slot: number) => void
  readonly remove: (slot: number) => void
  /** The level of a price, made if it is not there; NONE when no memory is left. May replace the heap's views. */
  readonly ensureLevel: (side: number, priceTicks: number) => number
  /** Takes an empty level off its side. */
  readonly removeLevel: (level: number) => void
}

/** What the kernel asks for, see ../kernel/host.ts. */
export interface KernelHost {
  readonly extendPool: (pool: number) => number
  readonly growIndex: () => void
  readonly endIndexGrowth: () => void
  readonly growEvents: () => void
}

export const BEGUN_BIT = 1 << 30

/** Compiled once for all engines. */
const module = new WebAssembly.Module(Buffer.from(KERNEL_CODE, 'base64'))

/** The compiled part of an engine, at work on its memory. */
export function startKernel(memory: GrowingMemory, host: KernelHost): Kernel {
  return new WebAssembly.Instance(module, { env: { memory }, host }).exports as Kernel
}
