// Numbers that one seed decides, so that a run which failed can be repeated.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** A whole number below `end`. */
  below(end) {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let bits = this.state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % end;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  /** Another one that goes its own way from here. */
  child() {
    return new Random(this.below(0x1_0000_0000));
  }

  shuffled(list) {
    const left = [...list];
    for (let n = left.length - 1; n > 0; n--) {
      const other = this.below(n + 1);
      [left[n], left[other]] = [left[other], left[n]];
    }
    return left;
  }
}
