/**
 * Stands in for `@wireapp/promise-queue`, which registries may not carry: tasks one after the other, each started when
 * the one before has ended and the queue is not paused.
 */

interface QueueOptions {
  readonly paused?: boolean;
}

interface Task {
  readonly start: () => void;
  readonly drop: () => void;
}

const causes = { TIMEOUT: 'TIMEOUT', FLUSHED: 'FLUSHED' } as const;

export class PromiseQueue {
  static readonly ERROR_CAUSES = causes;
  #isPaused: boolean;
  #isBusy = false;
  #waiting: Task[] = [];

  constructor({ paused = false }: QueueOptions = {}) {
    this.#isPaused = paused;
  }

  /** Resolves with the task's result. @throws Error with `cause` FLUSHED for a task that `flush` dropped */
  push<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        start: () => {
          Promise.try(task)
            .then(resolve, reject)
            .finally(() => {
              this.#isBusy = false;
              this.#next();
            });
        },
        drop: () => reject(new Error('the queue was flushed', { cause: causes.FLUSHED })),
      });
      this.#next();
    });
  }

  pause(isPaused = true): void {
    this.#isPaused = isPaused;
    this.#next();
  }

  resume(): void {
    this.pause(false);
  }

  flush(): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const task of dropped) task.drop();
  }

  getLength(): number {
    return this.#waiting.length + (this.#isBusy ? 1 : 0);
  }

  hasRunningTasks(): boolean {
    return this.#isBusy;
  }

  #next(): void {
    if (this.#isPaused || this.#isBusy) return;
    const task = this.#waiting.shift();
    if (task === undefined) return;
    this.#isBusy = true;
    task.start();
  }
}
