// The package for those who import it.

import slotway from './index.js';

export const { Worker, serve, SlotwayError, BadBody, configureLog, version } = slotway;
