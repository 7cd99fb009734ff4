/** Counts the seconds until something may be tried again. Made while a component is set up. */
export class Cooldown {
  #until = $state.raw(0);
  /** Whole seconds left; 0 when the time has come. */
  left = $state(0);

  constructor() {
    $effect(() => {
      if (this.#until === 0) return;
      const timer = setInterval(() => {
        this.#count();
        if (this.left === 0) clearInterval(timer);
      }, 250);
      return () => clearInterval(timer);
    });
  }

  /** Begins anew, with so many seconds. */
  start(seconds: number): void {
    this.#until = performance.now() + seconds * 1_000;
    this.#count();
  }

  /** The words for a button that waits, or null when it need not. */
  get words(): string | null {
    if (this.left === 0) return null;
    if (this.left <= 90) return `Try again in ${this.left} s`;
    return `Try again in ${Math.ceil(this.left / 60)} min`;
  }

  #count(): void {
    this.left = Math.max(0, Math.ceil((this.#until - performance.now()) / 1_000));
  }
}
