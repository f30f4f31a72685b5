import { MultiBar, Presets } from 'cli-progress';

/** Shows how far long work has come. */
export interface Progress {
  /** Begins a task of `total` steps. */
  begin(label: string, total: number): Task;
  /** Prints a line above the bars. */
  print(line: string): void;
  /** Ends all tasks; lines may be printed still. */
  end(): void;
}

/** One task on show. */
export interface Task {
  update(done: number, note?: string): void;
  end(): void;
}

/** Where lines go. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Bars with rate and time left on a terminal; elsewhere a plain line at every tenth. */
export function createProgress(output: Output): Progress {
  return output.isTTY === true ? createBars(output) : createLines(output);
}

function createBars(output: Output): Progress {
  const bars = new MultiBar(
    {
      stream: output,
      format: '{label} [{bar}] {value}/{total} {rate}/s, {eta_formatted} left {note}',
      hideCursor: true,
      gracefulExit: false, // it would take signals away from those who end the work and then call end()
      clearOnComplete: false,
      emptyOnZero: true,
      forceRedraw: true,
    },
    Presets.legacy,
  );
  let isEnded = false;
  return {
    begin: (label, total) => {
      const beganMs = performance.now();
      const bar = bars.create(total, 0, { label: label.padEnd(8), rate: '-', note: '' });
      return {
        update: (done, note = '') => {
          if (!isEnded) bar.update(done, { note, rate: ratePerSecond(done, beganMs) });
        },
        end: () => bar.stop(),
      };
    },
    print: (line) => {
      if (bars.isActive) bars.log(`${line}\n`);
      else output.write(`${line}\n`);
    },
    end: () => {
      if (isEnded) return;
      isEnded = true;
      if (bars.isActive) bars.stop();
    },
  };
}

function createLines(output: Output): Progress {
  return {
    begin: (label, total) => {
      const beganMs = performance.now();
      let tenths = 0;
      return {
        update: (done, note = '') => {
          const reached = total === 0 ? 10 : Math.floor((10 * done) / total);
          if (reached <= tenths) return;
          tenths = reached;
          output.write(`${label}: ${done}/${total}, ${ratePerSecond(done, beganMs)}/s ${note}`.trimEnd() + '\n');
        },
        end: () => undefined,
      };
    },
    print: (line) => output.write(`${line}\n`),
    end: () => undefined,
  };
}

function ratePerSecond(done: number, beganMs: number): string {
  const seconds = (performance.now() - beganMs) / 1000;
  return seconds > 0 ? Math.round(done / seconds).toLocaleString('en') : '-';
}
