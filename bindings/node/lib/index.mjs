// The package for those who import it.

import slotway from './index.js';

export const {
  Worker,
  Runner,
  Unit,
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
