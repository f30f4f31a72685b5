// Preloaded into an app (node --require) to end it at one exact moment, as SIGKILL would: the n-th time that something happens.
// E2E_KILL_AT is `line:<message>#<n>`, right after that line of the log, or `call:<function>#<n>`, right before that call of
// node:fs/promises; `call:write` and `call:sync` are those of open files, and `call:fetch` is a request to a server. So a run that fails can be repeated.
const fs = require('node:fs');
const { open } = fs.promises;

const [, kind, name, count] = /^(line|call):(.+)#(\d+)$/.exec(process.env.E2E_KILL_AT);
let left = Number(count);

function happened() {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
}

function before(owner, method) {
  const original = owner[method];
  owner[method] = (...args) => {
    happened();
    return original.apply(owner, args);
  };
}

if (kind === 'line') {
  const { writeSync } = fs;
  fs.writeSync = (fd, text, ...rest) => {
    const written = writeSync(fd, text, ...rest);
    if (fd === 1 && String(text).includes(`"msg":"${name}"`)) happened();
    return written;
  };
} else if (name === 'write' || name === 'sync') {
  fs.promises.open = async (...args) => {
    const file = await open(...args);
    before(file, name);
    return file;
  };
} else if (name === 'fetch') {
  before(globalThis, name);
} else {
  before(fs.promises, name);
}
