// The package for those who import it.

import slotway from './index.js';

export const {
  Worker,
  serve,
  events,
  call,
  Gap,
  SlotwayError,
  BadBody,
  CallFailed,
  configureLog,
  version,
} = slotway;
