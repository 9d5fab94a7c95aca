// The package for those who import it.

import slotway from './index.js';

export const { Worker, serve, events, Gap, SlotwayError, BadBody, configureLog, version } = slotway;
