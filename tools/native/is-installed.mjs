// Prints whether the native backend is installed: an input of the tests, which run on every backend that is.
import { existsSync } from 'node:fs';

import { nativeFolder } from './layout.mjs';

console.log(existsSync(nativeFolder(false)) ? 'native' : 'none');
