// One request in flight at a time. While it is, later ones wait as one, so a drag never queues up:
// what is sent next is what the controls say then.

/**
 * @param {object} how
 * @param {(seq: number) => void} how.send - sends the controls' values of this moment under that number.
 * @param {(state: "busy" | "silent" | "idle") => void} how.told - hears of every change: a request went out,
 *   nobody answered it in time, an answer has come.
 * @param {number} how.patienceMs - how long to wait before the kernel counts as silent.
 * @returns {{ask: () => void, answered: (seq: number) => void, settled: (act: () => void) => void, close: () => void}}
 *   `ask` when a control moved; `answered` with the number that an answer carries, where 0 is one that nobody asked for,
 *   such as a change from code; `settled` to act once the kernel knows the newest values, at once if it does already.
 */
export function newestOnly({ send, told, patienceMs }) {
  let inFlight = 0;
  let waiting = false;
  let patience;
  let last = 0;
  let then;

  function ask() {
    if (inFlight) {
      waiting = true;
      return;
    }
    waiting = false;
    inFlight = last = Math.max(Date.now() * 1000, last + 1); // above those of another page on the same widget
    patience = setTimeout(() => {
      inFlight = 0; // so that the next move tries again
      then = undefined;
      told("silent");
    }, patienceMs);
    told("busy");
    send(inFlight);
  }

  function answered(seq) {
    if (inFlight && seq !== inFlight) return;
    clearTimeout(patience);
    inFlight = 0;
    told("idle");
    if (waiting) ask();
    else if (then) settled(then);
  }

  function settled(act) {
    then = inFlight ? act : undefined;
    if (!inFlight) act();
  }

  return { ask, answered, settled, close: () => clearTimeout(patience) };
}
