// A network that does to a third of its connections whatever a network can do, one thing after the other.
const kMoment = 3_000; // ms: with everything held back there may be no progress to wait for

export class Unrest {
  constructor(world, proxy, random) {
    Object.assign(this, { world, proxy, random });
    proxy.mode = () => random.of(['plain', 'plain', 'bytes', 'merged']);
  }

  #third() {
    return [...this.proxy.links].filter(() => this.random.below(3) === 0);
  }

  #cut = () => this.#third().forEach((link) => link.reset());
  #cutAll = () => this.proxy.cut();
  #endRequests = () => this.#third().forEach((link) => link.halfClose('up'));
  #endAnswers = () => this.#third().forEach((link) => link.halfClose('down'));

  #stall = () => {
    const links = this.#third();
    const releases = links.map((link) => link.stall());
    const comesBack = this.random.below(2) === 0;
    return () => (comesBack ? releases.forEach((release) => release()) : links.forEach((link) => link.reset()));
  };

  #refuse = () => {
    this.proxy.refusing = true;
    this.proxy.cut();
    return () => (this.proxy.refusing = false);
  };

  // What is new breaks after some bytes, in either direction.
  #shortLives = () => {
    this.proxy.limits = () => ({ [this.random.of(['up', 'down'])]: this.random.below(4000) });
    this.#cut();
    return () => (this.proxy.limits = () => ({}));
  };

  /** So many troubles, each until something has gone on. */
  async rage(troubles) {
    const kinds = [this.#cut, this.#cutAll, this.#endRequests, this.#endAnswers, this.#stall, this.#refuse, this.#shortLives];
    for (let n = 0; n < troubles; n++) {
      const enough = this.world.progress + this.random.below(400);
      const undo = kinds[n % kinds.length]();
      const end = performance.now() + kMoment;
      while (this.world.progress < enough && performance.now() < end) await new Promise((next) => setTimeout(next, 5));
      undo?.();
      this.world.assertNoProblem();
    }
    this.proxy.mode = () => 'plain';
  }
}
