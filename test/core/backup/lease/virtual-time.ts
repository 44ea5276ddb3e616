import type { Timing } from '../../../../core/backup/lease';

/** Time that passes only when a test says so. */
export class VirtualTime implements Timing {
  private passed = 0;
  private sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  elapsed(): number {
    return this.passed;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.sleepers.push({ until: this.passed + milliseconds, wake });
    });
  }

  /** Lets time pass without anybody noticing, as in a process that is frozen. */
  skip(milliseconds: number): void {
    this.passed += milliseconds;
  }

  /** Lets time pass in small steps, each of which everybody notices. */
  async advance(milliseconds: number, step = 1000): Promise<void> {
    const end = this.passed + milliseconds;
    while (this.passed < end) {
      this.passed = Math.min(end, this.passed + step);
      const due = this.sleepers.filter(({ until }) => until <= this.passed);
      this.sleepers = this.sleepers.filter(({ until }) => until > this.passed);
      due.forEach(({ wake }) => wake());
      await settle();
    }
  }
}

/** Lets everything that waits for nothing but itself come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
