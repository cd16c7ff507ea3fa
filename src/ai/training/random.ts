/**
 * Random numbers for training, the same on every machine for the same seed: a Weyl sequence whose 32 bits are mixed
 * with the finalizer of MurmurHash3 (A. Appleby; constants as in fmix32).
 */
export class TrainingRandom {
  private state: number

  constructor(seed: number) {
    this.state = Math.imul((seed % 4_294_967_296) + 1, 0x9e3779b1) | 0
  }

  /** A number from 0 up to but not including 1, in steps of 2^-32. */
  uniform(): number {
    this.state = (this.state + 0x9e3779b9) | 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_296
  }
}
