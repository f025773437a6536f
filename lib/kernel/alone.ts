/**
 * Lets one suspect at a time run in this process: a step during which a driver died is only to blame for a crash that
 * happens while no other suspect runs (K12).
 */
export interface AloneGate {
  /** True: entered, and `leave` has to follow. False: `retry` is called once when it is worth asking again. */
  enter(retry: () => void): boolean;
  leave(): void;
}

export function createAloneGate(): AloneGate {
  let taken = false;
  let waiting: (() => void)[] = [];
  return {
    enter(retry) {
      if (taken) {
        waiting.push(retry);
        return false;
      }
      taken = true;
      return true;
    },
    leave() {
      taken = false;
      const retries = waiting;
      waiting = [];
      for (const retry of retries) retry();
    },
  };
}
